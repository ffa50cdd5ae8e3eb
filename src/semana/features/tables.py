"""What a week is predicted from, in one value, and how far back it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from semana.data import schemas as s
from semana.data.frames import Frame
from semana.data.purchases import before as known_before
from semana.data.weeks import Week

# Three years: all of the past that features look at. So what counts up (weeks bought, products ever tried) means the
# same in a shop's tenth year as in its fourth, and the work grows less with the history.
HISTORY_WEEKS = 156


@dataclass(frozen=True)
class Tables:
    """The tables behind the candidates and features of one week.

    `purchases` may be the whole table: every reader of it leaves out the week and all later ones. `customers` and
    `products` hold one row per id that had been described before the week began, with the attributes as known then:
    whoever is described later is not there. `fits` is what `together.fitting` makes of the purchases: candidates and
    features both read it. `calendar` has one row per holiday, its week and weekday (1 = Monday), for a year before the
    week and the week itself: the only thing of it that is known in advance.
    """

    purchases: Frame
    customers: Frame
    products: Frame
    fits: Frame
    calendar: Frame


def not_forgotten(purchases: Frame, *, before: Week) -> Frame:
    """Those of the HISTORY_WEEKS before the week, and all from it on."""
    return purchases.filter(nw.col(s.WEEK) >= before.index - HISTORY_WEEKS)


def history_of(purchases: Frame, *, before: Week) -> Frame:
    """Those of the HISTORY_WEEKS before the week, which are all that candidates and features know of."""
    return not_forgotten(known_before(purchases, before), before=before)
