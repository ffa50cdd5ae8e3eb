"""Words for what the data holds as codes, in English and in Spanish."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from semana.errors import UsageError
from semana.evaluation.decision import NEW, OVERDUE, USUAL
from semana.reports.phrases import LANGUAGES, PHRASES, Phrase, Words

_NOUNS: Mapping[str, tuple[Words, Words]] = {  # for one, for several
    "days": (("day", "día"), ("days", "días")),
    "weeks": (("week", "semana"), ("weeks", "semanas")),
    "products": (("product", "producto"), ("products", "productos")),
    "customers": (("customer", "cliente"), ("customers", "clientes")),
    "holidays": (("holiday", "día festivo"), ("holidays", "días festivos")),
}
_KINDS: Mapping[str, Words] = {
    USUAL: ("usual", "habitual"),
    OVERDUE: ("overdue", "atrasado"),
    NEW: ("new", "nuevo"),
}
_HEADS: Mapping[str, Words] = {
    "customer": ("customer", "cliente"),
    "product": ("product", "producto"),
    "chance": ("chance", "probabilidad"),
    "kind": ("kind", "tipo"),
    "quantity": ("quantity", "cantidad"),
    "last bought": ("last bought", "última compra"),
    "why": ("why", "por qué"),
}
# What an error that ended a step is called; others are by their own names.
_ENDED: Mapping[str, Words] = {
    "UsageError": ("refused (64)", "rechazado (64)"),
    "ContractError": ("refused (65)", "rechazado (65)"),
    "ServiceUnavailable": ("service away (69)", "servicio caído (69)"),
    "Busy": ("busy (75)", "ocupado (75)"),
    "ConfigurationError": ("wrong settings (78)", "configuración errónea (78)"),
    "KeyboardInterrupt": ("interrupted", "interrumpido"),
}
_SHORT_HEADS: Mapping[str, Words] = {
    "chance": ("chance", "prob."),
    "quantity": ("qty", "cant."),
    "last bought": ("last", "última"),
}
_FEW = 0.001  # a share below is not told more exactly
_LONGEST_HEADER = 200  # characters of an Accept-Language header that are read
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
_ARROWS = ("↑", "↓")  # raises the chance, lowers it


def preferred(accepted: str) -> str:
    """The language that an Accept-Language header prefers among ours (RFC 9110, 12.5.4); the first of them for none."""
    return _preferred(accepted[:_LONGEST_HEADER])


@lru_cache(maxsize=256)
def _preferred(accepted: str) -> str:
    best, weight = LANGUAGES[0], 0.0
    for part in accepted.split(","):
        name, _, options = part.partition(";")
        quality = _QUALITY.fullmatch(options.strip())
        wanted = float(quality[1]) if quality else float(not options.strip())
        if (code := name.strip()[:2].lower()) in LANGUAGES and wanted > weight:
            best, weight = code, wanted
    return best


def language(name: str) -> str:
    """The name, which is one of a language; raises UsageError listing them."""
    if name not in LANGUAGES:
        raise UsageError(f"--lang {name!r}: {' or '.join(LANGUAGES)} was expected")
    return name


def told(words: Words, lang: str) -> str:
    """The words in the language."""
    return words[LANGUAGES.index(lang)]


def kind_in_words(kind: str, lang: str) -> str:
    """What a pair is to a person: usual, overdue or new."""
    return told(_KINDS[kind], lang)


def head_in_words(name: str, lang: str) -> str:
    """The head of a list's column."""
    return told(_HEADS[name], lang)


def ended_in_words(error: str, lang: str) -> str:
    """What the error that ended a step means, with the code that its command ended with.

    >>> ended_in_words("UsageError", "es"), ended_in_words("KeyError", "en")
    ('rechazado (64)', 'KeyError')
    """
    return told(_ENDED[error], lang) if error in _ENDED else error


def short_head(name: str, lang: str) -> str:
    """The same where there is little room."""
    return told(_SHORT_HEADS.get(name, _HEADS[name]), lang)


def list_in_words(week: str, lang: str, *, customer: str | None = None, product: str | None = None) -> str:
    """What a list is of."""
    asked = [
        f"{head_in_words(name, lang)} {id_}" for name, id_ in (("customer", customer), ("product", product)) if id_
    ]
    return ", ".join([week, *(asked or [told(("the likeliest purchases", "las compras más probables"), lang)])])


def shown_in_words(shown: int, recommended: int, lang: str) -> str:
    """How many of the recommended rows a table shows, where it leaves some out."""
    some = ("{} of {} recommended; all of them: --top 0", "{} de {} recomendados; todos: --top 0")
    return told(some, lang).format(number(shown, lang), number(recommended, lang)) if shown < recommended else ""


def not_recommended_in_words(lang: str) -> str:
    """What the mark of a row that is not recommended means."""
    below = ("· not recommended: less likely than the list begins at, or excluded",)
    return told((*below, "· no recomendado: menos probable que donde empieza la lista, o excluido"), lang)


def number(value: float, lang: str) -> str:
    """A number for people: one decimal below ten, where it is not whole.

    >>> number(2.345, "en"), number(2.345, "es"), number(1234.5, "es"), number(3.0, "en")
    ('2.3', '2,3', '1.234', '3')
    """
    places = 0 if abs(value) >= 9.95 or round(value, 1) == round(value) else 1
    text = f"{value:,.{places}f}"
    return text if lang == "en" else text.translate(str.maketrans(",.", ".,"))


def percent(share: float, lang: str) -> str:
    """A share for people.

    >>> percent(0.345, "en"), percent(0.034, "es"), percent(0.0001, "en")
    ('34%', '3,4 %', '<0.1%')
    """
    few = 0 < share < _FEW
    return ("<" if few else "") + number(100 * (_FEW if few else share), lang) + told(("%", " %"), lang)


@lru_cache(maxsize=4096)
def words_of(code: str, value: float | None, lang: str) -> str:
    """What the feature `code` says with this value (None: there was nothing to tell from)."""
    return _filled(PHRASES[code], value, lang) if code in PHRASES else code


def merged(reasons: Iterable[Mapping[str, Any]], lang: str) -> list[tuple[str, float]]:
    """The reasons as sentences with their contributions, strongest first; those that say the same are one."""
    sums: dict[str, float] = {}
    for reason in reasons:
        said = words_of(str(reason["code"]), reason["value"], lang)
        sums[said] = sums.get(said, 0.0) + float(reason["contribution"])
    return sorted(sums.items(), key=lambda each: -abs(each[1]))


def reason_in_words(reasons: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The reason that counts most, after an arrow: up where it raises the chance; "" where there is none."""
    ordered = merged(reasons, lang)
    return f"{_ARROWS[ordered[0][1] < 0]} {ordered[0][0]}" if ordered else ""


def _filled(phrase: Phrase, value: float | None, lang: str) -> str:
    if value is None:
        return told(phrase.unknown, lang)
    told_as = math.ceil(value / phrase.per) if phrase.per > 1 else float(value)
    if told_as in phrase.at:
        return told(phrase.at[told_as], lang)
    if phrase.below and told_as < phrase.below[0]:
        return told(phrase.below[1], lang)
    return told(phrase.usual, lang).format(**_forms(told_as, lang))


def _forms(value: float, lang: str) -> dict[str, str]:
    """The value in every form that a phrase may ask for."""
    count = number(value, lang)
    nouns = {name: told(words[count != "1"], lang) for name, words in _NOUNS.items()}
    each = nouns["weeks"] if count == "1" else f"{count} {nouns['weeks']}"
    counted = {name: f"{count} {noun}" for name, noun in nouns.items()}
    return {**counted, "each_weeks": each, "number": count, "percent": percent(value, lang)}
