"""Every text of the pages, in English and in Spanish; one module a group of views."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import LANGUAGES, Words
from semana.reports.words import preferred
from semana.ui.words import sell, shared, system

TEXTS: Mapping[str, Words] = {**shared.TEXTS, **sell.TEXTS, **system.TEXTS}


def say(key: str, lang: str, **values: object) -> str:
    """The text in the language, with the values in their places.

    >>> say("next", "es")
    'Siguiente'
    """
    return TEXTS[key][LANGUAGES.index(lang)].format(**values)


def language(accepted: str, chosen: str | None = None) -> str:
    """The language to speak: the chosen one, else what the browser prefers among ours, else the first.

    >>> language("fr-FR,es-AR;q=0.8,en;q=0.5"), language("de"), language("es", "en")
    ('es', 'en', 'en')
    """
    return chosen if chosen in LANGUAGES else preferred(accepted)
