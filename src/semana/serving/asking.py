"""What routes share: the publication of a request, its language, its scope, and how an answer leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.responses import Response

from semana.data import schemas as s
from semana.reports.words import reason_in_words, words_of
from semana.serving.counts import Asked, tally_of
from semana.serving.hot import Hot
from semana.serving.loaded import Kept, Loaded
from semana.serving.problems import MEDIA, Problem
from semana.stores.home import Stores

_bearer = HTTPBearer(auto_error=False, description="A key of `semana keys create`, or none on the machine itself.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key, for clients without Bearer.")
_PROBLEM = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
Refusals = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Refusals:
    """The problems that a route may answer, beside those that any may."""
    says = {404: "Unknown", 409: "Not now, and why", 422: "What is wrong with it", 503: "Not now"}
    return {status: {"description": says.get(status, "A problem"), "content": _PROBLEM} for status in statuses}


ANY: Refusals = refusals(400, 401, 403, 422, 503)


def hot_of(request: Request) -> Hot:
    """What this process has loaded."""
    hot: Hot = request.app.state.hot
    return hot


def stores_of(request: Request) -> Stores:
    """The home."""
    return hot_of(request).stores


def loaded_of(request: Request) -> Loaded:
    """The publication from which this request is answered, all of it; a problem before the first."""
    loaded = hot_of(request).loaded
    if loaded is None:
        said = "; ".join(hot_of(request).reasons()) or "no list is published yet: semana run"
        raise Problem(503, said, {"Retry-After": "5"})
    return loaded


def language_of(
    request: Request,
    lang: Annotated[str | None, Query(pattern="^(en|es)$", description="Else what Accept-Language prefers.")] = None,
) -> str:
    """The language of the words: en or es."""
    return lang or str(request.state.language)


Bearer = Annotated[Any, Security(_bearer)]
InHeader = Annotated[Any, Security(_header)]


class Needs:
    """A dependency: the request's key reaches as far as `scope`."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request, _bearer: Bearer = None, _header: InHeader = None) -> None:
        """Raises the problem where it does not."""
        key = request.state.key
        if key is None or not key.may(self.scope):
            raise Problem(403, f"scope {self.scope} is needed; the key {key.name if key else ''!r} does not hold it")
        allowed = list(_queries(request.scope["route"].dependant))
        if unknown := sorted(set(request.query_params) - set(allowed)):
            raise Problem(422, f"query.{unknown[0]}: is unknown here; allowed: {', '.join(allowed) or 'none'}")
        asked = [name for name, _ in request.query_params.multi_items()]
        if twice := next((name for name in asked if asked.count(name) > 1), None):
            raise Problem(422, f"query.{twice}: is given more than once")


def _queries(dependant: Dependant) -> Iterator[str]:
    """The names that a query may have."""
    for inner in dependant.dependencies:
        yield from _queries(inner)
    yield from (each.alias for each in dependant.query_params)


def needs(scope: str) -> Any:
    """What a route depends on that asks for `scope`."""
    return Depends(Needs(scope))


Publication = Annotated[Loaded, Depends(loaded_of)]
Language = Annotated[str, Depends(language_of)]
Home = Annotated[Stores, Depends(stores_of)]
Idempotency = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=200, description="The same key again is the same letter.")
]
Text = Annotated[str, Query(min_length=1, max_length=200)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows at the most.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Rows to pass over.")]


def answer(
    request: Request,
    loaded: Loaded | None,
    content: Mapping[str, Any],
    *,
    told: Iterable[Mapping[str, Any]] = (),
    tally: Mapping[str, Any] | None = None,
    status: int = 200,
    keep: bool = True,
) -> Response:
    """The answer as JSON, with the stamp of the publication it was made from.

    An answer to a GET is kept with the publication: asked again, the door gives it. Not one that tells of what else
    moves (`keep` is false then).
    """
    stamped = {**loaded.stamp, **content} if loaded else content
    body = orjson.dumps(stamped, option=orjson.OPT_SERIALIZE_NUMPY)
    response = Response(body, status, media_type="application/json")
    if loaded is None:
        return response
    tally = tally_of(told) if tally is None else tally
    asked: Asked = request.app.state.asked
    asked.note(tally)
    response.raw_headers.extend(loaded.headers)
    if keep and request.method == "GET":
        scope = request.scope
        target = (scope["raw_path"], scope["query_string"], request.state.language)
        for gone in loaded.answers.keep(target, Kept(body, scope["route"].path, tally)):
            asked.note(gone.tally, gone.hits)
    return response


def page(offset: int, shown: int, total: int) -> dict[str, int | None]:
    """`total` and `next` of a part of a list."""
    return {"total": total, "next": offset + shown if offset + shown < total else None}


def with_words(reasons: Iterable[Mapping[str, Any]], lang: str) -> list[dict[str, Any]]:
    """The reasons, each with its words."""
    return [{**reason, "words": words_of(str(reason["code"]), reason["value"], lang)} for reason in reasons]


def why(reasons: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The strongest reason, after an arrow."""
    return reason_in_words(reasons, lang)


def known(found: dict[str, Any] | None, what: str, text: str) -> dict[str, Any]:
    """What was found; a problem where nothing was."""
    if found is None:
        raise Problem(404, f"{what} {text!r} is unknown to the list; write the id as it was delivered")
    return found


def named(who: Mapping[str, Any]) -> dict[str, Any]:
    """A customer's id, name and owner, as answers have them."""
    return {s.CUSTOMER_ID: who[s.CUSTOMER_ID], "customer": who[s.LABEL], s.OWNER: who.get(s.OWNER)}
