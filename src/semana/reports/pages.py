"""Pages: HTML that is one file, light and dark, without a script and without anything from elsewhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(template: str, **values: Any) -> str:
    """The page that the template makes of the values; a value that it names and does not get is an error."""
    room = Environment(loader=PackageLoader("semana", "reports"), autoescape=True, undefined=StrictUndefined)
    return room.get_template(template).render(values)
