"""What the API answers about the system itself and about what it was told, as models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from semana.serving.responses import Stamped

Open = ConfigDict(extra="allow")


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

    total: int
    next: int | None
    entries: list[Entry]


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

    versions: list[Version]


class Model(Stamped):
    """The model of the list, and the one that is to make the next."""

    bundle: str
    champion: dict[str, Any] | None
    differs: str | None = Field(description="What to do where another model serves by now than made the list.")
    degraded: list[str] = Field(description="Why it does not serve the newest that there is.")


class Ready(BaseModel):
    """Whether it serves, and how well."""

    status: Literal["ready", "degraded", "starting"]
    reasons: list[str]
    week: str | None
    rev: int | None
    model_version: str | None
    age_days: float | None = Field(description="Days since the list's week began; below zero before it.")


class KeyOf(BaseModel):
    """The key that asks."""

    name: str = Field(examples=["agents-north"])
    scope: Literal["read", "write", "admin"]
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

    name: str
    kind: str
    when: str
    outcome: str = Field(examples=["taken"])
    says: str


class Found(BaseModel):
    """What a report holds, as the command line gives it."""

    model_config = Open


class Drift(BaseModel):
    """The newest verdict on drift, and the running week as it was last looked at; null where there is none."""

    historical: Found | None
    live: Found | None


class Performance(BaseModel):
    """How every list did whose week is over, in whole and in parts, and what the current one can be expected to."""

    weeks: list[Found]
    parts: list[Found]
    estimate: Found | None


class Runs(BaseModel):
    """The weekly runs, the newest first."""

    total: int
    next: int | None
    runs: list[Found]


class Steps(BaseModel):
    """What every step took of the machine, and the sizes of what it read and wrote; the newest first."""

    total: int
    next: int | None
    steps: list[Found]
