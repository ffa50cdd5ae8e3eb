"""What each feature says to a sales agent, in English and in Spanish: one phrase for all features that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from semana.data import schemas as s

Words = tuple[str, str]  # in English, in Spanish
LANGUAGES = ("en", "es")

_NEVER = ("never bought before", "nunca comprado antes")
_ONCE = ("bought at most once so far", "comprado como mucho una vez hasta ahora")
_NO_ORDERS = ("no orders yet", "aún sin pedidos")
_NO_ORDERS_LATELY = ("no orders lately", "sin pedidos últimamente")
_ONE_ORDER = ("at most one order so far", "como mucho un pedido hasta ahora")
_NO_CALENDAR = ("no holidays known", "no se conocen días festivos")
_UNSOLD = ("nobody has bought it yet", "aún no lo ha comprado nadie")
_UNSOLD_LATELY = ("nobody has bought it lately", "nadie lo ha comprado últimamente")
_UNSOLD_TWICE = ("nobody has bought it twice yet", "nadie lo ha comprado dos veces aún")
# Spans that a young shop has not lived through: what is said of them is true there too.
_SPANS: Mapping[int, Words] = {
    13: ("in {weeks} of the last quarter", "en {weeks} del último trimestre"),
    26: ("in {weeks} of the last half year", "en {weeks} del último medio año"),
}


@dataclass(frozen=True)
class Phrase:
    """What a feature says: `usual`ly, `at` certain values, `below` a value, and where there was nothing to tell from.

    In `usual` the value stands as {weeks}, {days}, {orders}, {products}, {customers}, {holidays} (a number and its
    noun, singular or plural), {each_weeks} (the noun alone for one), {number} or {percent}. Days are told as weeks
    where `per` is 7.
    """

    usual: Words
    unknown: Words = _NEVER
    at: Mapping[float, Words] = field(default_factory=dict)
    below: tuple[float, Words] | None = None
    per: int = 1


_LATELY = Phrase(
    ("how often it was bought lately", "la frecuencia con que se compra últimamente"),
    at={0: ("not bought lately", "no comprado últimamente")},
)
_IN_ORDERS = Phrase(
    ("in {percent} of the latest orders", "en el {percent} de los últimos pedidos"),
    _NO_ORDERS_LATELY,
    at={0: ("not in the latest orders", "no está en los últimos pedidos")},
)
_WAIT = (
    ("more time than usual since the last purchase", "más tiempo de lo habitual desde la última compra"),
    ("as much time as usual since the last purchase", "el tiempo habitual desde la última compra"),
    ("less time than usual since the last purchase", "menos tiempo de lo habitual desde la última compra"),
)
_FITS = Phrase(
    ("how often customers with like orders buy it", "cuánto lo compran clientes con pedidos parecidos"),
    at={0: ("customers with like orders seldom buy it", "clientes con pedidos parecidos rara vez lo compran")},
)
_OF_ITS_KIND = Phrase(
    ("how much of its kind the customer buys", "cuánto compra el cliente de este tipo de producto"),
    ("nothing known of the customer's taste for its kind", "no se conoce el gusto del cliente por este tipo"),
)
_LIKED_BY_TYPE = Phrase(
    ("how many customers of this type buy it", "cuántos clientes de este tipo lo compran"),
    ("nothing known of it among customers of this type", "no se conoce nada de él entre clientes de este tipo"),
)
_ORDERS_LATELY = Phrase(
    ("how often the customer orders lately", "la frecuencia con que pide el cliente últimamente"),
    _NO_ORDERS,
    at={0: _NO_ORDERS_LATELY},
)
_BUYERS_LATELY = Phrase(
    ("how many customers buy it lately", "cuántos clientes lo compran últimamente"), _UNSOLD, at={0: _UNSOLD_LATELY}
)
_SALES = Phrase(("how its sales are going", "cómo van sus ventas"), _UNSOLD_LATELY)


def _of_last(weeks: int) -> Phrase:
    last = (f"bought in {{number}} of the last {weeks} weeks", f"comprado en {{number}} de las últimas {weeks} semanas")
    return Phrase(
        _SPANS.get(weeks, last),
        at={
            0: (f"not bought in the last {weeks} weeks", f"no comprado en las últimas {weeks} semanas"),
            weeks: (
                f"bought in each of the last {weeks} weeks",
                f"comprado en cada una de las últimas {weeks} semanas",
            ),
        },
    )


def _ordered_ago(weeks: int) -> Phrase:
    en, es = ("last week", "la semana pasada") if weeks == 1 else (f"{weeks} weeks ago", f"hace {weeks} semanas")
    return Phrase(
        (f"{{products}} ordered {en}", f"{{products}} en el pedido de {es}"),
        _NO_ORDERS,
        at={0: (f"nothing ordered {en}", f"ningún pedido {es}")},
    )


PHRASES: Mapping[str, Phrase] = {
    # Of the pair ...
    s.WEEKS_BOUGHT: Phrase(("bought in {weeks} so far", "comprado en {weeks} hasta ahora"), at={0: _NEVER}),
    **dict.fromkeys((s.DECAYED_WEEKS, *s.WEEKS_BY_HALF_LIFE.values()), _LATELY),
    **{name: _of_last(weeks) for weeks, name in s.WEEKS_OF_LAST.items()},
    s.SHARE_OF_WEEKS: Phrase(
        ("bought in {percent} of the weeks so far", "comprado en el {percent} de las semanas hasta ahora"),
        at={0: _NEVER},
    ),
    s.SHARE_OF_ACTIVE_WEEKS: Phrase(
        ("in {percent} of the customer's orders", "en el {percent} de los pedidos del cliente"), at={0: _NEVER}
    ),
    **dict.fromkeys(s.SHARE_BY_HALF_LIFE.values(), _IN_ORDERS),
    s.SHARE_OF_ORDERS: Phrase(
        ("in {percent} of the orders since it was first bought", "en el {percent} de los pedidos desde la primera vez"),
    ),
    s.PAIR_WEEKS: Phrase(("first bought {weeks} ago", "primera compra hace {weeks}")),
    s.WEEKS_SINCE: Phrase(("last bought {weeks} ago", "última compra hace {weeks}")),
    s.DAYS_SINCE: Phrase(("last bought {weeks} ago", "última compra hace {weeks}"), per=7),
    s.USUAL_GAP_DAYS: Phrase(("usually bought every {days}", "se suele comprar cada {days}"), _ONCE),
    s.GAPS_SINCE: Phrase(_WAIT[0], _ONCE, at={1: _WAIT[1]}, below=(1, _WAIT[2])),
    s.PAST_RHYTHM: Phrase(_WAIT[0], _ONCE, at={0: _WAIT[1]}, below=(0, _WAIT[2])),
    s.LAST_GAP: Phrase(("{weeks} between the last two purchases", "{weeks} entre las dos últimas compras"), _ONCE),
    s.LARGEST_GAP: Phrase(
        ("at most {weeks} between two purchases", "como mucho {weeks} entre dos compras seguidas"), _ONCE
    ),
    s.GAP_SPREAD: Phrase(("how regularly it is bought", "la regularidad con que se compra"), _ONCE),
    s.STREAK: Phrase(
        ("bought {weeks} in a row", "comprado {weeks} seguidas"),
        at={
            0: ("not bought last week", "no comprado la semana pasada"),
            1: ("bought last week, not the week before", "comprado la semana pasada, no la anterior"),
        },
    ),
    s.ORDERS_SINCE: Phrase(
        ("not in the last {number} orders", "no está en los últimos {number} pedidos"),
        at={
            0: ("in the last order", "está en el último pedido"),
            1: ("not in the last order", "no está en el último pedido"),
        },
    ),
    s.LAST_QUANTITY_RATIO: Phrase(
        ("last time {percent} of the usual quantity", "la última vez, el {percent} de la cantidad habitual"),
        at={1: ("last time the usual quantity", "la última vez, la cantidad habitual")},
    ),
    s.WEEKS_OF_SUPPLY: Phrase(
        ("the last purchase should last {weeks} more", "la última compra debería durar aún {weeks}"),
        below=(0.5, ("the last purchase should be used up", "la última compra ya debería haberse gastado")),
    ),
    s.RETURNED_WEEKS: Phrase(
        ("sent back in {weeks}", "devuelto en {weeks}"), at={0: ("never sent back", "nunca devuelto")}
    ),
    **dict.fromkeys((s.TOGETHER, s.TOGETHER_BEST, s.TOGETHER_PRODUCTS), _FITS),
    **dict.fromkeys((s.AFFINITY, s.AFFINITY_BEST), _OF_ITS_KIND),
    **dict.fromkeys((s.SEGMENT_POPULARITY, s.SEGMENT_POPULARITY_BEST), _LIKED_BY_TYPE),
    s.WEEKS_LAST_YEAR: Phrase(
        ("bought in {weeks} around this time last year", "comprado en {weeks} por estas fechas el año pasado"),
        at={
            0: (
                "no purchase known from this time last year",
                "ninguna compra conocida de estas fechas del año pasado",
            )
        },
    ),
    # ... of the customer ...
    **dict.fromkeys((s.CUSTOMER_DECAYED_WEEKS, *s.CUSTOMER_BY_HALF_LIFE.values()), _ORDERS_LATELY),
    s.CUSTOMER_PRODUCTS: Phrase(
        ("usually {products} in an order", "suele pedir {products} por pedido"), _NO_ORDERS, at={0: _NO_ORDERS}
    ),
    **{name: _ordered_ago(weeks) for weeks, name in s.CUSTOMER_PRODUCTS_AGO.items()},
    **dict.fromkeys(
        s.CUSTOMER_PRODUCTS_BY_HALF_LIFE.values(),
        Phrase(("how large the latest orders are", "lo grandes que son los últimos pedidos"), _NO_ORDERS_LATELY),
    ),
    s.CUSTOMER_PRODUCTS_SPREAD: Phrase(
        ("how much the orders differ in size", "cuánto varía el tamaño de los pedidos"), _NO_ORDERS
    ),
    s.CUSTOMER_NEW_SHARE: Phrase(
        (
            "{percent} of the products in the latest orders were new",
            "el {percent} de los productos de los últimos pedidos era nuevo",
        ),
        _NO_ORDERS_LATELY,
        at={0: ("nothing new in the latest orders", "nada nuevo en los últimos pedidos")},
    ),
    s.CUSTOMER_WEEKS_SINCE: Phrase(("last order {weeks} ago", "último pedido hace {weeks}"), _NO_ORDERS),
    s.CUSTOMER_DAYS_SINCE: Phrase(("last order {weeks} ago", "último pedido hace {weeks}"), _NO_ORDERS, per=7),
    s.CUSTOMER_WEEKS: Phrase(("a customer for {weeks}", "cliente desde hace {weeks}"), _NO_ORDERS),
    s.CUSTOMER_ORDER_SHARE: Phrase(
        ("orders in {percent} of the weeks", "hace pedido en el {percent} de las semanas"), _NO_ORDERS
    ),
    s.CUSTOMER_GAP: Phrase(
        ("usually orders every {each_weeks}", "suele hacer un pedido cada {each_weeks}"), _ONE_ORDER
    ),
    s.CUSTOMER_GAPS_SINCE: Phrase(
        ("more time than usual since the last order", "más tiempo de lo habitual desde el último pedido"),
        _ONE_ORDER,
        at={1: ("as much time as usual since the last order", "el tiempo habitual desde el último pedido")},
        below=(1, ("less time than usual since the last order", "menos tiempo de lo habitual desde el último pedido")),
    ),
    s.CUSTOMER_HOLIDAY_SHARE: Phrase(
        (
            "{percent} of the customer's usual order days are holidays",
            "el {percent} de los días en que suele pedir el cliente son festivos",
        ),
        _NO_CALENDAR,
        at={
            0: (
                "none of the customer's usual order days is a holiday",
                "ninguno de los días en que suele pedir el cliente es festivo",
            )
        },
    ),
    # ... of the product ...
    s.POPULARITY: Phrase(
        ("bought by {percent} of the customers lately", "lo compra el {percent} de los clientes últimamente"),
        _UNSOLD_LATELY,
        at={0: _UNSOLD_LATELY},
    ),
    **dict.fromkeys((s.PRODUCT_DECAYED_CUSTOMERS, *s.PRODUCT_BY_HALF_LIFE.values()), _BUYERS_LATELY),
    s.PRODUCT_LAST_WEEK: Phrase(
        ("bought by {customers} last week", "comprado por {customers} la semana pasada"),
        _UNSOLD,
        at={0: ("bought by nobody last week", "nadie lo compró la semana pasada")},
    ),
    **dict.fromkeys((s.PRODUCT_TREND, s.PRODUCT_SLOW_TREND), _SALES),
    s.PRODUCT_NEW_SHARE: Phrase(
        ("{percent} of its latest buyers are new to it", "el {percent} de sus últimos compradores es nuevo"),
        _UNSOLD_LATELY,
    ),
    s.PRODUCT_AGAIN_NEXT_WEEK: Phrase(
        (
            "{percent} of its buyers take it again the next week",
            "el {percent} de sus compradores lo repite a la semana siguiente",
        ),
        _UNSOLD_LATELY,
    ),
    s.PRODUCT_AGAIN: Phrase(
        ("{percent} of its buyers buy it again", "el {percent} de sus compradores lo vuelve a comprar"), _UNSOLD_LATELY
    ),
    s.PRODUCT_WEEKS_PER_BUYER: Phrase(
        ("a buyer takes it in {weeks} of half a year", "un comprador lo pide en {weeks} de cada medio año"),
        _UNSOLD_LATELY,
    ),
    s.PRODUCT_GAP: Phrase(
        ("others usually buy it every {each_weeks}", "otros lo suelen comprar cada {each_weeks}"), _UNSOLD_TWICE
    ),
    s.PRODUCT_WEEKS: Phrase(("on sale for {weeks}", "a la venta desde hace {weeks}"), _UNSOLD),
    s.PRODUCT_WEEKS_SINCE: Phrase(("last sold {weeks} ago", "última venta hace {weeks}"), _UNSOLD),
    s.PRODUCT_LAST_YEAR: Phrase(
        ("sold better than usual at this time last year", "por estas fechas el año pasado se vendió más"),
        ("no sales known from this time last year", "ninguna venta conocida de estas fechas del año pasado"),
        at={1: ("sold as usual at this time last year", "por estas fechas el año pasado se vendió lo habitual")},
        below=(1, ("sold less than usual at this time last year", "por estas fechas el año pasado se vendió menos")),
    ),
    # ... and of the week itself.
    s.WEEK_HOLIDAYS: Phrase(
        ("{holidays} among the trading days of the week", "{holidays} entre los días de venta de la semana"),
        _NO_CALENDAR,
        at={0: ("no holiday in the week", "semana sin días festivos")},
    ),
    s.WEEK_TRADING_DAYS: Phrase(("{days} of trading in the week", "{days} de venta en la semana"), _NO_CALENDAR),
    s.LAST_WEEK_HOLIDAYS: Phrase(
        ("{holidays} last week", "{holidays} la semana pasada"),
        _NO_CALENDAR,
        at={0: ("no holiday last week", "ningún día festivo la semana pasada")},
    ),
}
