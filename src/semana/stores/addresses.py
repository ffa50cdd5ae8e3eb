"""Addresses of servers, as people set them: told apart, or none."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(address: str, schemes: tuple[str, ...]) -> SplitResult | None:
    """The parts of an address of one of these schemes with a host; None where it is none, or its port is no number."""
    try:
        parts = urlsplit(address)
        told = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if told else None
