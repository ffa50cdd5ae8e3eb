"""An MLflow server, looked at before it is spoken to: whether it answers, and whether it is of our version.

It knows HTTP alone, so that a server that is away is found out in seconds, before MLflow's client is imported.
"""

from __future__ import annotations

import base64
import time
from concurrent.futures import Future
from http.client import HTTPException
from importlib.metadata import version
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from semana.errors import ConfigurationError, ServiceUnavailable
from semana.stores.addresses import split

_SECONDS = 5.0  # that an answer may take
_PAUSE = 1.0  # before the second and last try: a restart takes longer, a lost packet does not


class TrackingRefused(ConfigurationError):
    """MLflow answers, but what we would write there could not be read again; the weekly run goes on without it."""


def client_version() -> str:
    """The version of our MLflow client."""
    return version("mlflow-skinny")


def shown(uri: str) -> str:
    """The address without what may be secret in it; nothing of one that cannot be told apart."""
    return _place(uri) or "the address in MLFLOW_TRACKING_URI"


def without_secrets(words: str, uri: str) -> str:
    """The words of another library, the address in them as `shown`."""
    words = words.replace(uri, shown(uri))
    user = urlsplit(uri).netloc.rpartition("@")[0] if _place(uri) else ""
    return words.replace(f"{user}@", "") if user else words


def look_at(uri: str) -> str:
    """The version of the server at `uri`, which is our client's.

    Raises ServiceUnavailable where it does not answer, TrackingRefused where it is no MLflow server of our version.
    """
    if _place(uri) is None:
        raise TrackingRefused(
            "MLFLOW_TRACKING_URI is no address of a server: one like http://mlflow:5000 was expected, or "
            "http://USER:PASSWORD@mlflow:5000 with / @ : in the password written as %2F %40 %3A. "
            "Without a server, MLflow's files lie in the home: unset it."
        )
    found = _asked(uri)
    ours = client_version()
    if found != ours:
        raise TrackingRefused(
            f"MLflow at {shown(uri)} is {found or 'of no known version'}, our client is {ours}: they must be the same. "
            f"Install mlflow=={ours} at the server, or the server's version of mlflow-skinny here."
        )
    return found


def _place(uri: str) -> str | None:
    """Scheme, host and port of an http address; None where they cannot be told from a user's name and password."""
    parts = split(uri, ("http", "https"))
    if parts is None or "@" in parts.path + parts.query + parts.fragment:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _asked(uri: str) -> str | None:
    try:
        return _answer(uri)
    except ServiceUnavailable:
        time.sleep(_PAUSE)
        return _answer(uri)


def _answer(uri: str) -> str | None:
    """What the server says within the seconds that it may take as a whole: a trickle could last for minutes."""
    answer: Future[str | None] = Future()
    Thread(target=_ask, args=(uri, answer), daemon=True).start()
    try:
        return answer.result(timeout=_SECONDS)
    except TimeoutError as err:
        raise ServiceUnavailable(
            f"MLflow at {shown(uri)} does not answer within {_SECONDS:g} s. Try again later, or start it."
        ) from err


def _ask(uri: str, answer: Future[str | None]) -> None:
    try:
        answer.set_result(_version(uri))
    except (ServiceUnavailable, TrackingRefused) as err:
        answer.set_exception(err)


def _version(uri: str) -> str | None:
    parts = urlsplit(uri)
    heads = {"User-Agent": "semana"}
    if parts.username:  # a server with log-in tells not even its version without
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        heads["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
    request = Request(f"{shown(uri)}{parts.path.rstrip('/')}/version", headers=heads)  # noqa: S310 - as looked at above
    try:
        # Longer than `_answer` waits: one clock tells that a server is away, this one ends the thread.
        with urlopen(request, timeout=2 * _SECONDS) as answer:  # noqa: S310
            said: str = answer.read(100).decode(errors="replace").strip()
    except HTTPError as err:
        err.close()
        if err.code >= 500:
            raise ServiceUnavailable(f"MLflow at {shown(uri)} answers {err.code}. Try again later.") from err
        raise TrackingRefused(
            f"MLflow at {shown(uri)} answers {err.code} to /version. Let this machine in (user and password of the "
            f"server, MLFLOW_SERVER_ALLOWED_HOSTS), or mend MLFLOW_TRACKING_URI."
        ) from err
    except (OSError, HTTPException, ValueError) as err:
        why = getattr(err, "reason", None) or err
        raise ServiceUnavailable(
            f"MLflow at {shown(uri)} does not answer ({why}). Try again later, or start it."
        ) from err
    return said if said[:1].isdigit() else None
