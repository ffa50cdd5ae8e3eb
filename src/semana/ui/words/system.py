"""What the views of the system say."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words
from semana.ui.words import drift, model, performance, pipeline

TEXTS: Mapping[str, Words] = {**model.TEXTS, **drift.TEXTS, **performance.TEXTS, **pipeline.TEXTS}
