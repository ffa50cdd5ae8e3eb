"""What the API answers about the system itself and about what it was told, as models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from semana.serving.responses import Stamped

Open = ConfigDict(extra="allow")
_WHEN = "2025-01-06T09:00:00+00:00"
_LETTER = "20250106T090000.000000-0123456789ab"


def _like(**content: Any) -> ConfigDict:
    """The configuration of a model with an example of it."""
    return ConfigDict(json_schema_extra={"examples": [content]})


class Entry(BaseModel):
    """An entry of the ledger."""

    model_config = Open
    number: int
    when: str
    week: str
    kind: str
    version: str
    by: str
    why: list[str]


class Ledger(BaseModel):
    """Who served since when, and why; the newest first."""

    model_config = _like(
        total=1,
        next=None,
        entries=[
            {
                "number": 1,
                "when": _WHEN,
                "week": "2025-W02",
                "kind": "promoted",
                "version": "1.0.0",
                "by": "2025-W02-0001",
                "why": ["no model serves yet"],
            }
        ],
    )
    total: int
    next: int | None
    entries: list[Entry]


class Checked(BaseModel):
    """A check of the gate."""

    name: str = Field(examples=["not worse than the champion"])
    value: float | None = Field(examples=[-0.0006])
    limit: str = Field(examples=["-0.01 or more"])
    passed: bool
    warns: bool = Field(description="It holds, and asks to be looked at.")
    judged: bool = Field(description="False where there was nothing to judge by; it refuses nobody then.")
    verdict: str = Field(examples=["holds"], description="holds, warns, fails or not judged")
    says: str = Field(examples=["difference of mean F1"])


class Gate(BaseModel):
    """What the gate found of a challenger."""

    run: str = Field(examples=["2025-W02-0001"])
    week: str = Field(examples=["2025-W02"])
    when: str
    mode: Literal["enforce", "dry_run", "off"]
    passed: bool
    admitted: bool = Field(description="Whether it may serve: refusals count in mode enforce alone.")
    model: str = Field(examples=["boosting"])
    bundle: str
    version: str | None = Field(description="As what it has served; null where it never did.")
    says: str = Field(description="How the race of the models ended.")
    checks: list[Checked]
    f1: dict[str, dict[str, float | None]] = Field(description="By model and gate week.")


class Gates(BaseModel):
    """What the gate found of every challenger, the newest first."""

    total: int
    next: int | None
    gates: list[Gate]


class Version(BaseModel):
    """A model that served."""

    version: str
    bundle: str
    model: str
    weeks: list[str] = Field(description="From which weeks on it served.")
    gate_f1: float | None
    serves: bool
    rolled_back: bool
    fault: str | None = Field(description="Why it may not serve; null where it may.")


class Versions(BaseModel):
    """Every model that served, the newest first."""

    model_config = _like(
        versions=[
            {
                "version": "1.0.0",
                "bundle": "0123456789abcdef",
                "model": "boosting",
                "weeks": ["2025-W02"],
                "gate_f1": 0.581,
                "serves": True,
                "rolled_back": False,
                "fault": None,
            }
        ]
    )
    versions: list[Version]


class Model(Stamped):
    """The model of the list, and the one that is to make the next."""

    bundle: str
    champion: dict[str, Any] | None
    differs: str | None = Field(description="What to do where another model serves by now than made the list.")
    degraded: list[str] = Field(description="What was refused and why, or that the home is away.")


class Ready(BaseModel):
    """Whether it serves, and how well."""

    model_config = _like(
        status="ready", reasons=[], newest=True, week="2025-W02", rev=1, model_version="1.0.0", age_days=0.4
    )
    status: Literal["ready", "degraded", "starting"]
    reasons: list[str]
    newest: bool | None = Field(description="Whether no newer list is published; null where that cannot be told.")
    week: str | None
    rev: int | None
    model_version: str | None
    age_days: float | None = Field(description="Days since the list's week began; below zero before it.")


class KeyOf(BaseModel):
    """The key that asks."""

    name: str = Field(examples=["agents-north"])
    scope: Literal["metrics", "read", "write", "admin"]
    keyless: bool = Field(description="No key was ever made: whoever is on this machine may do everything.")


class Alive(BaseModel):
    """That the process answers."""

    status: Literal["ok"]


class Accepted(BaseModel):
    """A letter left in the inbox; ask `/v1/letters/{name}` what became of it."""

    letter: str = Field(examples=["20250106T090000.000000-0123456789ab"])
    before: bool = Field(description="It had been told before: nothing new was left.")
    outcome: str = Field(examples=["waiting"])


class Letter(BaseModel):
    """What became of a letter."""

    model_config = _like(name=_LETTER, kind="transactions", when=_WHEN, outcome="taken", says="landed at position 12")
    name: str
    kind: str
    when: str
    outcome: str = Field(examples=["taken"])
    says: str


class Order(BaseModel):
    """An order to change the model, and what became of it."""

    name: str
    when: str
    what: Literal["rollback", "promote"]
    version: str | None = Field(description="What was to serve; null in a rollback.")
    reason: str
    outcome: str = Field(examples=["taken"], description="waiting, taken or refused")
    says: str = Field(examples=["1.0.0 serves from 2025-W02 on"])


class Orders(BaseModel):
    """The orders to change the model that are remembered, the newest first."""

    model_config = _like(
        total=1,
        next=None,
        orders=[
            {
                "name": _LETTER,
                "when": _WHEN,
                "what": "rollback",
                "version": None,
                "reason": "the list was wrong for the north",
                "outcome": "taken",
                "says": "1.0.0 serves from 2025-W02 on",
            }
        ],
    )
    total: int
    next: int | None
    orders: list[Order]


class Found(BaseModel):
    """What a report holds, as the command line gives it."""

    model_config = Open


class Drift(BaseModel):
    """The newest verdict on drift, the running week as last looked at (null where there is none), the deliveries.

    `live` says whether its week is `over`: nothing of a later one had landed then. The deliveries are the newest,
    oldest first, as they were judged and, where they were `retracted` since, why.
    """

    model_config = _like(
        historical={"week": "2025-W01", "verdict": "calm", "score": 0.8, "limit": 1.5},
        live=None,
        deliveries=[
            {
                "file": "transactions.parquet",
                "arrival": _WHEN,
                "rows": 3200,
                "quarantined": 2,
                "retracted": False,
                "says": "accepted",
            }
        ],
    )
    historical: Found | None
    live: Found | None
    deliveries: list[Found]


class Performance(BaseModel):
    """How every list did whose week is over, in whole and in parts, and what the current one can be expected to."""

    model_config = _like(
        weeks=[{"week": "2025-W01", "model_version": "1.0.0", "role": "champion", "f1": 0.59, "recall_at_10": 0.61}],
        parts=[{"week": "2025-W01", "part": "kind", "name": "usual", "hits": 900, "listed": 1500, "bought": 1400}],
        estimate={"week": "2025-W02", "f1": 0.58, "low": 0.55, "high": 0.61},
    )
    weeks: list[Found]
    parts: list[Found]
    estimate: Found | None


class Disk(BaseModel):
    """The disk of the home."""

    free_bytes: int
    low: str | None = Field(description="What to do where too little is free.")


class Runs(BaseModel):
    """The weekly runs, the newest first.

    Each with its `steps` (`times_usual` where one took three times its median and more) and, where a scheduler ran it,
    as `scheduled` what that says of its tasks: queued, begun and ended.
    """

    model_config = _like(
        total=1,
        next=None,
        runs=[{"run": "2025-W02-0001", "week": "2025-W02", "retrained": False, "seconds": 14.2, "steps": []}],
        disk={"free_bytes": 40_000_000_000, "low": None},
    )
    total: int
    next: int | None
    runs: list[Found]
    disk: Disk


class Steps(BaseModel):
    """What every step took of the machine, and the sizes of what it read and wrote; the newest first."""

    model_config = _like(
        total=1,
        next=None,
        steps=[{"run": "2025-W02-0001", "step": "predict", "wall_seconds": 3.1, "cpu_seconds": 5.2, "datasets": []}],
    )
    total: int
    next: int | None
    steps: list[Found]
