"""What we decided: params.yaml as typed, frozen values. Unknown keys are refused with the allowed ones.

The reason, unit or measurement of each value stands above it in params.yaml.
"""

from __future__ import annotations

from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from semana.errors import ConfigurationError

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Ratio = Annotated[float, Field(gt=1)]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("each name once was expected")
    return names


def _off(mode: object) -> object:
    """YAML reads a bare `off` as false."""
    return "off" if mode is False else mode


class Section(BaseModel):
    """A frozen group of values that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataParams(Section):
    """What a delivery may look like, and when a week is complete."""

    quarantine_share: Share
    unit_jump: Ratio
    volume_jump: Ratio
    jump_lines: Count
    share_jump: Share
    new_kinds: Share
    unknown_ids: Share
    judged_rows: Count
    trading_weeks: Count
    complete_after_days: Annotated[int, Field(ge=0)]
    gap_weeks: Count


class CandidateParams(Section):
    """Which pairs a run scores; bounded per customer."""

    repeat_weeks: Count
    repeat_per_customer: Count
    explore_per_customer: Annotated[int, Field(ge=0)]
    explore_weeks: Count


class CutParams(Section):
    """How the complete weeks are divided: fit | calibrate | gate."""

    fit_weeks: Count
    calibrate_weeks: Count
    gate_weeks: Count


class BoostingParams(Section):
    """The constants of boosted trees."""

    models: Count
    trees: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    leaves: Annotated[int, Field(ge=2)]
    depth: Count
    rows_per_leaf: Count
    feature_share: Annotated[float, Field(gt=0, le=1)]
    row_share: Annotated[float, Field(gt=0, le=1)]
    l2: Annotated[float, Field(ge=0)]
    logistic_share: Annotated[float, Field(ge=0, lt=1)]


class TuningParams(Section):
    """How long constants of boosted trees are searched for, and how often."""

    trials: Annotated[int, Field(ge=0)]
    rows: Count
    every_weeks: Count
    least_gain: Share


class ModelParams(Section):
    """Which models race, and their constants."""

    race: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_each_once)]
    decay: Annotated[float, Field(gt=0, lt=1)]
    seed: Annotated[int, Field(ge=0, le=1_000_000_000)]
    fit_rows: Count
    boosting: BoostingParams
    tuning: TuningParams


class LevelParams(Section):
    """The forecast of the week's total number of purchases."""

    half_life_weeks: Annotated[float, Field(gt=0)]
    weeks: Count
    interval: Annotated[float, Field(gt=0, lt=1)]


class FallenParams(Section):
    """From which weekly differences in F1 on performance counts as fallen."""

    week_f1: Share
    mean_f1: Share
    of_weeks: Count
    weeks_below: Count


class RetrainParams(Section):
    """When a run retrains by itself."""

    max_age_weeks: Count
    first_weeks: Count


class RollbackParams(FallenParams):
    """When a champion goes back to its shadow by itself."""

    rest_weeks: Count


class GateParams(Section):
    """What a challenger must hold before it may serve."""

    mode: Annotated[Literal["enforce", "dry_run", "off"], BeforeValidator(_off)]
    non_inferiority_f1: Share
    volume_low: Annotated[float, Field(gt=0, lt=1)]
    volume_high: Ratio
    calibration_low: Annotated[float, Field(gt=0, lt=1)]
    calibration_high: Ratio


class GoldenParams(Section):
    """The frozen validation weeks and their critical cases."""

    weeks: Count
    least_weeks: Count
    history_weeks: Count
    pairs: Count
    case_pairs: Count
    seeds: Annotated[int, Field(ge=2)]
    seed_rows: Count
    tolerance_sds: Annotated[float, Field(gt=0)]
    least_tolerance: Share
    max_age_weeks: Count


class DriftParams(Section):
    """When the world has moved by more than it used to."""

    recent_weeks: Count
    usual_weeks: Count
    usual_share: Share
    least_weeks: Count
    past_weeks: Count
    of_weeks: Annotated[int, Field(ge=2)]
    weeks_violating: Count
    margin: Annotated[float, Field(ge=1)]
    least_distance: Annotated[float, Field(gt=0)]


class DecisionParams(Section):
    """From probabilities to the list that people act on."""

    policy: Literal["expected_f1", "top_k", "min_probability", "capacity"]
    top_k: Count
    min_probability: Share
    capacity: Count
    min_new_per_customer: Annotated[int, Field(ge=0)]
    overdue_gaps: Annotated[float, Field(gt=0)]


class StoreParams(Section):
    """Housekeeping of the home folder."""

    prepared_weeks: Count
    lease_stale_seconds: Annotated[float, Field(gt=0)]
    free_disk_mib: Annotated[int, Field(ge=0)]


class WatchParams(Section):
    """When somebody is told that nothing came."""

    overdue_hours: Annotated[float, Field(gt=0)]


class Params(Section):
    """Everything in params.yaml."""

    data: DataParams
    candidates: CandidateParams
    cuts: CutParams
    models: ModelParams
    level: LevelParams
    retrain: RetrainParams
    rollback: RollbackParams
    gate: GateParams
    golden: GoldenParams
    drift: DriftParams
    decision: DecisionParams
    store: StoreParams
    watch: WatchParams


def refusal(where: str, err: ValidationError, model: type[BaseModel]) -> ConfigurationError:
    """A pydantic error as one sentence per fault, with the allowed keys where a key was unknown."""
    faults = []
    for fault in err.errors():
        path = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            allowed = ", ".join(allowed_keys(model, fault["loc"][:-1]))
            faults.append(f"{path}: unknown key; allowed here: {allowed}")
        elif fault["type"] == "missing":
            faults.append(f"{path}: is missing here; add it")
        else:
            faults.append(f"{path}: {_told(fault['msg'])} (got {fault['input']!r:.80})")
    return ConfigurationError(f"{where}: " + "; ".join(faults))


def _told(fault: str) -> str:
    """The message within a sentence: ours as it is, it may begin with a name; pydantic's without its capital."""
    ours = fault.removeprefix("Value error, ")
    return ours if ours != fault else fault[:1].lower() + fault[1:]


def allowed_keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The field names of `model` at `path`, list and mapping keys on the way passed over."""
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        for inner in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return list(model.model_fields)


def parse(text: str, *, where: str = "params.yaml") -> Params:
    """The params written in `text` (YAML); raises ConfigurationError naming every fault and the allowed keys."""
    try:
        return Params.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as err:
        raise ConfigurationError(f"{where}: not YAML: {err}") from err
    except ValidationError as err:
        raise refusal(where, err, Params) from err
