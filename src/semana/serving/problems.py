"""What went wrong, as RFC 9457 has it: every answer that is no success is one of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from semana.errors import Busy, ConfigurationError, ContractError, ServiceUnavailable, UsageError

MEDIA = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "The key does not reach that far",
    404: "Not found",
    405: "No such method here",
    409: "It cannot be done now",
    413: "The request is too large",
    415: "JSON is needed",
    422: "The request says something that it cannot",
    500: "A bug of ours",
    503: "Not now",
}
_LATER = {"Retry-After": "2"}


class Problem(HTTPException):
    """An answer that is no success; `detail` says what came, what was expected, what to do."""


def body_of(status: int, detail: str, *, request: str, **more: Any) -> bytes:
    """The problem as JSON."""
    title = TITLES.get(status, "Something else")
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": request, **more}
    return orjson.dumps(told)


def add_handlers(app: FastAPI) -> None:
    """Makes every error of the app a problem."""

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = error.detail if isinstance(error, Problem) else _DETAILS.get(error.status_code, str(error.detail))
        return _answer(request, error.status_code, told, headers=error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [{"where": ".".join(map(str, each["loc"])), "says": each["msg"]} for each in error.errors()]
        first = f"{faults[0]['where']}: {faults[0]['says']}" if faults else "it cannot be read"
        return _answer(request, 422, first, errors=faults)

    def refusal(status: int, headers: Mapping[str, str] | None = None) -> Any:
        async def told(request: Request, error: Exception) -> Response:
            return _answer(request, status, str(error), headers=headers)

        return told

    async def away(request: Request, _: Exception) -> Response:
        return _answer(request, 503, "the home does not answer; try again soon", headers=_LATER)

    async def bug(request: Request, _: Exception) -> Response:
        return _answer(request, 500, "an error of ours; the log has it under this request's id")

    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(UsageError, refusal(409))
    app.add_exception_handler(ContractError, refusal(409))
    app.add_exception_handler(ConfigurationError, refusal(503, _LATER))
    app.add_exception_handler(Busy, refusal(503, _LATER))
    app.add_exception_handler(ServiceUnavailable, refusal(503, _LATER))
    app.add_exception_handler(OSError, away)


_DETAILS = {
    404: "there is nothing under this address; /openapi.json names what there is",
    405: "this address takes other methods; the header Allow names them",
}


def _answer(
    request: Request, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    told = body_of(status, detail, request=request.state.request_id, **more)
    return Response(told, status, headers, media_type=MEDIA)
