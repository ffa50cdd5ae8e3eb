"""Serving the list: the API, and the keys by which it is asked."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Annotated

import typer

from semana.cli import front

_log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    group = typer.Typer(help="Serve the list: api, ui, or both: up.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_serve)
    group.command("api")(api)
    group.command("ui")(ui)
    group.command("up")(up)
    app.add_typer(group, name="serve")
    front.add_group(
        app,
        "keys",
        says="Keys of the API: list, create, keep, revoke.",
        default=list_keys,
        commands={"list": list_keys, "create": create_key, "keep": keep_key, "revoke": revoke_key},
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
    from semana.cli.listening import LOOPBACK, as_asked, listening
    from semana.errors import ConfigurationError, not_installed

    stores, settings = front.stores(), front.settings()
    local = host in LOOPBACK
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
        raise not_installed(str(err.name), "api") from err
    with suppress(KeyboardInterrupt):  # which is how it ends
        serve(settings, listening(host, port), host=as_asked(host), workers=workers, local=local, log_all=access_log)


def ui(
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with keys.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 7860,
    api_url: Annotated[str | None, typer.Option("--api", help="Where the API is.  [default: $SEMANA_API_URL]")] = None,
) -> None:
    """Serve the pages for people until Ctrl-C; they ask the API, and need no home."""
    from semana.cli.listening import LOOPBACK, as_asked, listening
    from semana.errors import not_installed
    from semana.settings import keep_gradio_quiet

    settings = front.settings(api_url=api_url)
    listens = listening(host, port)
    keep_gradio_quiet()
    try:
        from semana.ui.server import serve
    except ModuleNotFoundError as err:
        raise not_installed(str(err.name), "ui") from err
    with suppress(KeyboardInterrupt):  # which is how it ends
        serve(settings, listens, host=as_asked(host), local=host in LOOPBACK)


def up(
    api_port: Annotated[int, typer.Option(min=0, max=65535, help="Of the API; 0 for any that is free.")] = 8000,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the pages; 0 for any that is free.")] = 7860,
) -> None:
    """Serve the API and the pages on this machine, a process each; one Ctrl-C stops both; so does the end of one."""
    from semana.cli.together import serve_both

    serve_both(front.settings().home, ports=(api_port, port))


def list_keys() -> None:
    """The keys there are; what they are is kept nowhere."""
    from rich.console import Console

    from semana.reports.terminal import plain_table

    rows = [
        {"key": key.name, "scope": key.scope, "made": key.created, "revoked": key.revoked or ""}
        for key in front.stores().keys.all()
    ]
    if not rows:
        front.none_yet("There is no key, so the API answers this machine alone. Make one: semana keys create NAME")
        return
    Console().print(plain_table("keys", rows))


def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, like agents-north.")],
    scope: Annotated[str, typer.Option(help="metrics, read, write or admin; each holds those before it.")] = "read",
) -> None:
    """Make a key and print it, this once: the home keeps only its hash."""
    print(front.stores().keys.create(name, scope, when=front.order().now.isoformat()))


def keep_key(
    name: Annotated[str, typer.Argument(help="Whose it is, like agents.")],
    scope: Annotated[str, typer.Option(help="metrics, read, write or admin; each holds those before it.")] = "read",
) -> None:
    """Keep a key that was made elsewhere, read from stdin, in a new home too; the same one again changes nothing."""
    import sys

    stores = front.stores(create=True)
    new = stores.keys.keep(name, scope, sys.stdin.read().strip(), when=front.order().now.isoformat())
    front.last_line({"key": name, "new": new})


def revoke_key(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """End a key: running servers refuse it within seconds."""
    key = front.stores().keys.revoke(name, when=front.order().now.isoformat())
    front.last_line({"key": key.name, "revoked": key.revoked})
