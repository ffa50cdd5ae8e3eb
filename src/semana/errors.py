"""The five ways a command can fail for a reason outside our code; the command line maps each to its exit code."""

from __future__ import annotations


class UsageError(ValueError):
    """The command was called in a way it cannot serve (exit 64)."""


class ContractError(ValueError):
    """The data breaks its contract; trying again without changing it cannot help (exit 65)."""


class ServiceUnavailable(ConnectionError):
    """A service that we depend on does not answer; trying again later may help (exit 69)."""


class Busy(RuntimeError):
    """Another run holds what this one needs; trying again later helps (exit 75)."""


class ConfigurationError(ValueError):
    """Settings, params or a source definition are wrong (exit 78)."""


TOLD = (UsageError, ContractError, ServiceUnavailable, Busy, ConfigurationError)


def not_installed(what: str, extra: str) -> ConfigurationError:
    """What to say where a package of one of our extras is not there."""
    return ConfigurationError(f"{what} is not installed: in the folder of semana's source, make {extra}")
