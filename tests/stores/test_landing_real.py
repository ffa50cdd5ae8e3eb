"""The real files: SodAI's three tables and a gift wholesaler's invoices, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from semana.data import schemas as s
from semana.data.purchases import count_once
from tests.stores.home import ROOT, deliver, open_landing, purchases

SHARED = ROOT.parent / "shared" / "data"


def real(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine (expected beside the repository, in shared/data)")
    return path


def test_sodai_lands_whole_with_its_duplicates_counted_once(tmp_path: Path) -> None:
    landing = open_landing(tmp_path / "home")
    for file in ("clientes.parquet", "productos.parquet", "transacciones.parquet"):
        deliver(landing, real("sodai", file), source="sodai")
    report = landing.validate(3, "transactions")
    assert (report["rows"], report["kept"], report["quarantined"]) == (254_936, 254_935, 1)
    assert landing.validate(3, "customers")["kept"] == 1_569
    assert landing.validate(3, "products")["kept"] == 971
    counted = count_once(landing.lines(3)).collect("polars")
    assert report["kept"] - counted[s.LINES].sum() == 885
    weekly = purchases(landing)
    assert weekly[s.LINES].sum() == counted[s.LINES].sum()
    assert weekly[s.RETURNED].sum() > 0
    assert weekly[s.AMOUNT].null_count() == weekly.height


def test_one_flat_invoice_file_lands_as_three_tables(tmp_path: Path) -> None:
    landing = open_landing(tmp_path / "home")
    summary = deliver(landing, real("online_retail", "invoices.parquet"), source="online-retail")
    assert set(summary["tables"]) == {"transactions", "customers", "products"}
    for table in summary["tables"]:
        report = landing.validate(1, table)
        parts = ("kept", "quarantined", "filtered", "repeated")
        assert report["rows"] == 889_745 == sum(report[part] for part in parts)
        assert report["filtered"] == 203_629
    products = landing.attributes("products", 1).collect("polars").to_native()
    assert products.select(s.PRODUCT_ID, s.SEEN).is_unique().all()
    assert products[s.PRODUCT_ID].str.contains("^[0-9]{5}").all()
    assert products[s.SEEN].null_count() == 0
    assert purchases(landing)[s.AMOUNT].null_count() == 0
