"""A home as one archive, and back."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

from semana.errors import ContractError, UsageError
from semana.stores import files

_LEFT_OUT = ("leases",)


def write_archive(home: Path, path: Path) -> dict[str, Any]:
    """Writes the home (temporary files and leases left out) to a .tar.gz in one step; never over an existing file."""
    if path.exists():
        raise UsageError(f"{path}: exists. Name another file, a backup is never overwritten.")
    if path.resolve().is_relative_to(home.resolve()):
        raise UsageError(f"{path}: lies in the home itself. Name a file outside of it.")

    def write(scratch: Path) -> None:
        with tarfile.open(scratch, "w:gz", compresslevel=1) as archive:
            for each in sorted(home.rglob("*")):
                inside = each.relative_to(home)
                kept = inside.parts[0] not in _LEFT_OUT and not any(p.startswith(files.TEMPORARY) for p in inside.parts)
                if each.is_file() and kept:
                    archive.add(each, arcname=str(inside), recursive=False)

    files.replace(path, write)
    return {"outcome": "written", "file": path.name, "bytes": path.stat().st_size, "sha256": files.sha256(path)}


def read_archive(path: Path, home: Path) -> dict[str, Any]:
    """Makes `home` from an archive in one step; raises UsageError where it holds anything already."""
    if home.exists() and any(home.iterdir()):
        raise UsageError(f"{home}: is not empty. Restore into a new folder: semana --home NEW restore {path.name}")
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    scratch = files.temporary(home)
    try:
        with tarfile.open(path, "r:gz") as archive:
            _unpack(archive, scratch)
    except (tarfile.TarError, EOFError, OSError) as err:
        shutil.rmtree(scratch, ignore_errors=True)
        raise ContractError(f"{path.name}: not a whole backup ({err}). Use another one.") from err
    if not (scratch / "format.json").is_file():
        shutil.rmtree(scratch)
        raise ContractError(f"{path.name}: no semana home is in it. Use an archive that `semana backup` wrote.")
    restored = sum(each.is_file() for each in scratch.rglob("*"))
    files.hide_from_git(scratch)
    if home.exists():
        home.rmdir()
    files.switch_folder(scratch, home)
    return {"outcome": "restored", "file": path.name, "files": restored}


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Files and folders below `folder` alone; Python before 3.11.4 has no filter of its own."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    for member in archive:
        if not (member.isfile() or member.isdir()) or member.name.startswith("/") or ".." in member.name.split("/"):
            raise tarfile.TarError(f"{member.name} is no file of a home")
        archive.extract(member, folder)
