"""The project's params with some lines changed, for homes of tests."""

from __future__ import annotations

from tests.house.tree import ROOT


def params_with(changes: dict[str, str]) -> str:
    """The text of params.yaml, each of these parts of it once replaced."""
    text = (ROOT / "params.yaml").read_text()
    for usual, other in changes.items():
        assert text.count(usual) == 1, usual
        text = text.replace(usual, other)
    return text
