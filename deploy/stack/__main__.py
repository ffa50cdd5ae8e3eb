"""`python3 -m deploy.stack COMMAND`: what the make targets call; says what to do where something is wrong."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from deploy.stack import backup, compose, delivery, licences, secrets
from deploy.stack.compose import Refused

_TOLD = 6  # words of a command that failed


def parser() -> argparse.ArgumentParser:
    """The commands and what they take."""
    found = argparse.ArgumentParser(prog="python3 -m deploy.stack", description=__doc__)
    commands = found.add_subparsers(dest="command", required=True)
    commands.add_parser("env", help="write .env with strong secrets, unless it is there")
    commands.add_parser("up", help="build what changed, start everything, wait until all of it is well")
    commands.add_parser("down", help="end everything; what the volumes hold stays")
    commands.add_parser("demo", help="deliver real groceries, twice, and wait for the lists")
    commands.add_parser("licences", help="print the licences of what the images hold")
    drop = commands.add_parser("drop", help="deliver files of a source, with the ready-flag")
    drop.add_argument("source")
    drop.add_argument("files", nargs="+", type=Path)
    for name, says in (("backup", "write everything into a new folder"), ("restore", "fill new volumes from a backup")):
        commands.add_parser(name, help=says).add_argument("folder", type=Path)
    return found


def do(asked: argparse.Namespace) -> None:
    """Does what is asked."""
    match asked.command:
        case "env":
            secrets.write(compose.env_file())
        case "up":
            compose.up()
        case "down":
            compose.call("--profile", "*", "down")
        case "demo":
            delivery.demo()
        case "licences":
            print(licences.page(), end="")
        case "drop":
            delivery.drop(asked.source, asked.files)
        case "backup":
            backup.write(asked.folder)
        case "restore":
            backup.read(asked.folder)


def main(words: list[str]) -> int:
    """Does what is asked; 0, or the exit code of what failed."""
    asked = parser().parse_args(words)
    try:
        if asked.command not in ("env", "licences") and not compose.env_file().exists():
            raise Refused(f"{compose.env_file()} is missing: make env")
        do(asked)
    except Refused as err:
        print(f"stack: {err}", file=sys.stderr)
        return err.code
    except subprocess.CalledProcessError as err:
        print(f"stack: `{' '.join(map(str, err.cmd[:_TOLD]))} ...` failed; why: see above", file=sys.stderr)
        return err.returncode
    except FileNotFoundError as err:
        remedy = "Install Docker with its compose plugin." if err.filename == "docker" else "Make its folder first."
        print(f"stack: {err.filename} was not found. {remedy}", file=sys.stderr)
        return 69
    except KeyboardInterrupt:
        print("stack: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
