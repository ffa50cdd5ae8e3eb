"""Serving the list: the API, and the keys by which it is asked."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from semana.cli import front

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    group = typer.Typer(help="Serve the list: api.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_serve)
    group.command("api")(api)
    app.add_typer(group, name="serve")
    front.add_group(
        app,
        "keys",
        says="Keys of the API: list, create, revoke.",
        default=list_keys,
        commands={"list": list_keys, "create": create_key, "revoke": revoke_key},
    )


def _serve() -> None:
    """Serve the list to people and programs."""


def api(
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with keys.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; they share the mapped list.")] = 1,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request, not only what fails.")] = False,
) -> None:
    """Serve the list over HTTP until Ctrl-C; new lists are taken in as they are published."""
    from semana.errors import ConfigurationError

    stores, settings = front.stores(), front.settings()
    local = host in _LOOPBACK
    if not stores.keys.all():
        if not local:
            raise ConfigurationError(
                f"--host {host}: without a key the API serves this machine alone. "
                f"Make one: semana keys create NAME --scope read"
            )
        _log.warning("no key is made: whoever is on this machine may read, write and order. See: semana keys create")
    try:
        from semana.serving.server import serve
    except ModuleNotFoundError as err:
        raise ConfigurationError(f"{err.name} is not installed: the API needs pip install 'semana[api]'") from err
    serve(settings, host=host, port=port, workers=workers, local=local, log_all=access_log)


def list_keys() -> None:
    """The keys there are; what they are is kept nowhere."""
    from rich.console import Console

    from semana.reports.terminal import plain_table

    rows = [
        {"key": key.name, "scope": key.scope, "made": key.created, "revoked": key.revoked or ""}
        for key in front.stores().keys.all()
    ]
    Console().print(plain_table("keys", rows))


def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, like agents-north.")],
    scope: Annotated[str, typer.Option(help="read, write or admin; each holds those before it.")] = "read",
) -> None:
    """Make a key and print it, this once: the home keeps only its hash."""
    print(front.stores().keys.create(name, scope, when=front.order().now.isoformat()))


def revoke_key(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """End a key: running servers refuse it within seconds."""
    key = front.stores().keys.revoke(name, when=front.order().now.isoformat())
    front.last_line({"key": key.name, "revoked": key.revoked})
