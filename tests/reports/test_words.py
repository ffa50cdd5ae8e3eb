"""Every code that a model may give as a reason has words in both languages, with a value and without."""

from __future__ import annotations

import re

import pytest

from semana.errors import UsageError
from semana.features.build import FEATURES
from semana.reports.phrases import PHRASES
from semana.reports.words import kind_in_words, language, merged, preferred, reason_in_words, words_of


@pytest.mark.parametrize("code", FEATURES)
@pytest.mark.parametrize("value", [-1.5, 0.0, 0.25, 1.0, 1.5, 3.0, 40.0, None])
def test_every_feature_has_words_in_both_languages(code: str, value: float | None) -> None:
    english, spanish = (words_of(code, value, lang) for lang in ("en", "es"))
    assert english != spanish
    for said in (english, spanish):
        assert said != code
        assert not re.search(r"[{}_]|nan|half-life|affinity", said)


def test_no_phrase_is_left_of_a_feature_that_is_gone() -> None:
    assert sorted(set(PHRASES) - set(FEATURES)) == []


@pytest.mark.parametrize(
    ("code", "value", "english", "spanish"),
    [
        ("weeks_since", 3.0, "last bought 3 weeks ago", "última compra hace 3 semanas"),
        ("weeks_since", 1.0, "last bought 1 week ago", "última compra hace 1 semana"),
        ("weeks_since", None, "never bought before", "nunca comprado antes"),
        ("days_since", 8.0, "last bought 2 weeks ago", "última compra hace 2 semanas"),
        ("days_since", 7.0, "last bought 1 week ago", "última compra hace 1 semana"),
        ("usual_gap_days", 10.5, "usually bought every 10 days", "se suele comprar cada 10 días"),
        ("streak", 4.0, "bought 4 weeks in a row", "comprado 4 semanas seguidas"),
        ("streak", 0.0, "not bought last week", "no comprado la semana pasada"),
        ("weeks_of_last_4", 3.0, "bought in 3 of the last 4 weeks", "comprado en 3 de las últimas 4 semanas"),
        (
            "weeks_of_last_26",
            3.0,
            "in 3 weeks of the last half year",
            "en 3 semanas del último medio año",
        ),
        ("weeks_of_last_4", 4.0, "bought in each of the last 4 weeks", "comprado en cada una de las últimas 4 semanas"),
        ("customer_gap", 1.0, "usually orders every week", "suele hacer un pedido cada semana"),
        ("customer_gap", 1.25, "usually orders every 1.2 weeks", "suele hacer un pedido cada 1,2 semanas"),
        (
            "popularity",
            0.034,
            "bought by 3.4% of the customers lately",
            "lo compra el 3,4 % de los clientes últimamente",
        ),
        ("product_last_week", 1.0, "bought by 1 customer last week", "comprado por 1 cliente la semana pasada"),
        (
            "product_last_week",
            1234.0,
            "bought by 1,234 customers last week",
            "comprado por 1.234 clientes la semana pasada",
        ),
        (
            "gaps_since",
            0.5,
            "less time than usual since the last purchase",
            "menos tiempo de lo habitual desde la última compra",
        ),
        (
            "past_rhythm",
            0.5,
            "more time than usual since the last purchase",
            "más tiempo de lo habitual desde la última compra",
        ),
    ],
)
def test_the_words_say_what_the_value_says(code: str, value: float | None, english: str, spanish: str) -> None:
    assert (words_of(code, value, "en"), words_of(code, value, "es")) == (english, spanish)


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    assert words_of("of_tomorrow", 1.0, "en") == "of_tomorrow"


def reason(code: str, value: float | None, contribution: float) -> dict[str, object]:
    return {"code": code, "value": value, "contribution": contribution}


def test_reasons_that_say_the_same_are_one_with_their_sum() -> None:
    reasons = [
        reason("weeks_of_last_4", 3.0, 0.5),
        reason("weeks_half_life_1", 0.4, 0.4),
        reason("weeks_half_life_8", 2.0, -0.1),
        reason("decayed_weeks", 2.2, 0.3),
        reason("weeks_since", 2.0, -0.2),
        reason("days_since", 9.0, -0.2),
    ]
    assert [said for said, _ in merged(reasons, "en")] == [
        "how often it was bought lately",
        "bought in 3 of the last 4 weeks",
        "last bought 2 weeks ago",
    ]
    assert [part for _, part in merged(reasons, "es")] == pytest.approx([0.6, 0.5, -0.4])


def test_the_strongest_reason_is_told_with_its_direction() -> None:
    reasons = [reason("popularity", 0.4, 0.1), reason("weeks_of_last_4", 3.0, -0.2)]
    assert reason_in_words(reasons, "en") == "↓ bought in 3 of the last 4 weeks"
    assert reason_in_words(reasons[:1], "es") == "↑ lo compra el 40 % de los clientes últimamente"
    assert reason_in_words([], "en") == ""


def test_kinds_have_words_and_other_languages_are_refused_with_those_there_are() -> None:
    assert [kind_in_words(kind, "es") for kind in ("usual", "overdue", "new")] == ["habitual", "atrasado", "nuevo"]
    assert language("es") == "es"
    with pytest.raises(UsageError, match="en or es"):
        language("fr")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es", "es"),
        ("es-CL,en;q=0.8", "es"),
        ("es;q=0.1, en;q=0.9", "en"),
        ("es;q=0", "en"),
        ("fr, *;q=0.1", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(header: str, language: str) -> None:
    assert preferred(header) == language
