"""What a week is predicted from, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from semana.data.frames import Frame


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
