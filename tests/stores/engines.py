"""The engines beside Polars that tests ask: DuckDB, and Spark where a Java is."""

from __future__ import annotations

import shutil

import pytest

no_java = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java, and none is on this machine")
OTHERS = ["duckdb", pytest.param("spark", marks=no_java)]
