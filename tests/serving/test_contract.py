"""The OpenAPI document is what the API does: schemathesis asks all of it, in ways that are allowed and that are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import BaseSchema

from semana.serving import responses, responses_of_system, scoring, telling
from semana.serving.api import ROUTERS
from semana.settings import read_settings
from semana.stores.home import open_home
from tests.serving.conftest import opened
from tests.serving.server import served

# What is well written may still be refused for what it says: a quantity of 0, a day to come, an unknown product.
_SAYS = {"/v1/transactions", "/v1/score"}


@pytest.fixture(scope="module")
def key(_trees: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server, and a key that may do all."""
    stores = opened(_trees, tmp_path_factory.mktemp("contract"))
    token = open_home(read_settings(stores.home)).keys.create("all", "admin", when="now")
    with pytest.MonkeyPatch.context() as patch:  # too many pairs are refused as too many, not as too long
        patch.setenv("SEMANA_API_BODY_KIB", "65536")
        with served(stores.home) as (client, _):
            yield str(client.base_url), token


@pytest.fixture(scope="module")
def document(key: tuple[str, str]) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{key[0]}/openapi.json")


OPERATIONS = [
    (min(route.methods or ()), route.path.replace(":path}", "}"))
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_route_does_what_the_document_says(
    document: BaseSchema, key: tuple[str, str], method: str, path: str, mode: GenerationMode
) -> None:
    load_all_checks()
    operation = document[path][method]
    out = {"positive_data_acceptance"} if path in _SAYS else set()
    checks = [check for check in CHECKS.get_all() if check.__name__ not in out]

    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def held(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {key[1]}"}, checks=checks)

    try:
        held()
    except (Unsatisfiable, SkipTest):  # there is no wrong way to ask it
        assert mode is GenerationMode.NEGATIVE


def test_the_document_names_every_route_that_was_promised(key: tuple[str, str], document: BaseSchema) -> None:
    promised = {
        ("get", "/livez"), ("get", "/readyz"), ("get", "/metrics"), ("get", "/v1/model"), ("get", "/v1/model/versions"),
        ("get", "/v1/ledger"), ("get", "/v1/customers"), ("get", "/v1/products"),
        ("get", "/v1/customers/{customer_id}/predictions"), ("get", "/v1/products/{product_id}/customers"),
        ("post", "/v1/predictions"), ("get", "/v1/products/{product_id}/summary"), ("get", "/v1/calls"),
        ("get", "/v1/predictions.csv"), ("post", "/v1/score"), ("get", "/v1/explanations"),
        ("post", "/v1/transactions"), ("get", "/v1/drift"), ("get", "/v1/performance"), ("get", "/v1/runs"),
        ("post", "/v1/model/rollback"), ("post", "/v1/model/promote"), ("get", "/v1/gates"), ("get", "/v1/orders"),
    }  # fmt: skip
    raw = document.raw_schema["paths"]
    there = {(method, path) for path, methods in raw.items() for method in methods}
    assert promised <= there
    unnamed = [(path, method) for path, methods in raw.items() for method, said in methods.items()
               if not said.get("summary") or not said.get("operationId") or not said.get("description")]  # fmt: skip
    assert unnamed == []
    assert set(document.raw_schema["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}


def test_every_answer_and_every_body_has_an_example_that_is_one() -> None:
    kinds = [
        kind
        for module in (responses, responses_of_system, scoring, telling)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__module__ == module.__name__
    ]
    extras: list[tuple[type[BaseModel], Any]] = [(kind, kind.model_config.get("json_schema_extra")) for kind in kinds]
    told = [(kind, example) for kind, extra in extras if extra for example in extra["examples"]]
    assert len(told) > 12
    for kind, example in told:
        kind.model_validate(example)
