"""What the weekly run makes, as assets that other teams' DAGs can wait for; each event says how many rows."""

from __future__ import annotations

from airflow.sdk import Asset

LANDED = Asset("semana_landed", uri="semana://landed")
PREPARED = Asset("semana_prepared", uri="semana://prepared")
SCORES = Asset("semana_scores", uri="semana://scores")
LIST = Asset("semana_list", uri="semana://list")
