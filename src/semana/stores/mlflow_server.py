"""An MLflow server, looked at before it is spoken to: whether it answers, and whether it is of our version.

It knows HTTP alone, so that a server that is away is found out in seconds, before MLflow's client is imported.
"""

from __future__ import annotations

import time
from http.client import HTTPException
from importlib.metadata import version
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from semana.errors import ConfigurationError, ServiceUnavailable

_SECONDS = 5.0  # that an answer may take
_PAUSE = 1.0  # before the second and last try: a restart takes longer, a lost packet does not


class TrackingRefused(ConfigurationError):
    """MLflow answers, but what we would write there could not be read again; the weekly run goes on without it."""


def client_version() -> str:
    """The version of our MLflow client."""
    return version("mlflow-skinny")


def shown(uri: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def look_at(uri: str) -> str:
    """The version of the server at `uri`, which is our client's.

    Raises ServiceUnavailable where it does not answer, TrackingRefused where it is no MLflow server of our version.
    """
    if urlsplit(uri).scheme not in ("http", "https"):
        raise TrackingRefused(
            f"MLFLOW_TRACKING_URI is {uri.split('://', 1)[0]}://...: the address of a server was expected, like "
            f"http://mlflow:5000. Without one, MLflow's files lie in the home: unset it."
        )
    found = _asked(uri)
    ours = client_version()
    if found != ours:
        raise TrackingRefused(
            f"MLflow at {shown(uri)} is {found or 'of no known version'}, our client is {ours}: they must be the same. "
            f"Install mlflow=={ours} at the server, or the server's version of mlflow-skinny here."
        )
    return found


def _asked(uri: str) -> str | None:
    try:
        return _answer(uri)
    except ServiceUnavailable:
        time.sleep(_PAUSE)
        return _answer(uri)


def _answer(uri: str) -> str | None:
    address = f"{shown(uri)}{urlsplit(uri).path.rstrip('/')}/version"  # tells its version to everybody
    request = Request(address, headers={"User-Agent": "semana"})  # noqa: S310 - http or https, as looked at above
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            said: str = answer.read(100).decode(errors="replace").strip()
    except HTTPError as err:
        err.close()
        if err.code >= 500:
            raise ServiceUnavailable(f"MLflow at {shown(uri)} answers {err.code}. Try again later.") from err
        raise TrackingRefused(
            f"MLflow at {shown(uri)} answers {err.code} to /version. Let this machine in (user and password of the "
            f"server, MLFLOW_SERVER_ALLOWED_HOSTS), or mend MLFLOW_TRACKING_URI."
        ) from err
    except (OSError, HTTPException) as err:
        why = getattr(err, "reason", None) or err
        raise ServiceUnavailable(
            f"MLflow at {shown(uri)} does not answer ({why}). Try again later, or start it."
        ) from err
    return said if said[:1].isdigit() else None
