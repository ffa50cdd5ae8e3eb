"""The catalogue as a page for people: docs/tables.md is printed from it."""

from __future__ import annotations

from collections.abc import Iterable

from semana.data.catalog import Dataset


def describe(datasets: Iterable[Dataset]) -> str:
    """A section of Markdown for each dataset: its grain, where it lies, which step makes it, its columns."""
    return "\n".join(_section(dataset) for dataset in datasets)


def _section(dataset: Dataset) -> str:
    key = ", ".join(f"`{name}`" for name in dataset.key) or "none"
    rows = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in dataset.columns.items())
    return (
        f"## {dataset.name}\n\n{dataset.grain} Made by `{dataset.made_by}`, in `{dataset.path}`. Key: {key}.\n\n"
        f"| column | what it holds |\n|---|---|\n{rows}"
    )
