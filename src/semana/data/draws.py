"""A fixed whole number for every id, by which samples are drawn: the same on every machine and in every run."""

from __future__ import annotations

from hashlib import blake2b

DRAWS = 2**20


def draw_of(id_: int | str) -> int:
    """A number from 0 to DRAWS - 1: the BLAKE2b hash of the id as text.

    >>> draw_of("ana"), draw_of(7) == draw_of("7")
    (662076, True)
    """
    return int.from_bytes(blake2b(str(id_).encode(), digest_size=8).digest(), "big") % DRAWS
