"""What the views of the system say."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {}
