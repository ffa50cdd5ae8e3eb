"""What the columns mean that drift is read from, and the names of steps and datasets, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import LANGUAGES, Words

_ATTRIBUTE: Words = ("an attribute, as the source declares it", "un atributo, como lo declara la fuente")
_MEANS: Mapping[str, Words] = {
    "basket": ("products bought in the week (log)", "productos comprados en la semana (log)"),
    "repeat_share": (
        "share of them that the customer had bought in the quarter before",
        "parte de ellos que el cliente compró en el trimestre anterior",
    ),
    "quantity": ("quantity over the product's usual one (log)", "cantidad frente a la usual del producto (log)"),
    "price": ("price of a unit over the product's usual one (log)", "precio frente al usual del producto (log)"),
    "spend": ("amount of the week (log)", "importe de la semana (log)"),
    "rhythm": ("weeks since the customer's order week before", "semanas desde el pedido anterior del cliente"),
    "returns": ("share of the products of which something came back", "parte de los productos con devoluciones"),
    "ordered": (
        "whether customers of the quarter before ordered in the week",
        "si los clientes del trimestre anterior pidieron en la semana",
    ),
    "products": (
        "which products were bought, each customer with one vote",
        "qué productos se compraron, un voto por cliente",
    ),
    "weekday": ("on which day of the week", "en qué día de la semana"),
    "expected": (
        "purchases that the published list expected of the customer",
        "compras que la lista publicada esperaba del cliente",
    ),
}
_NAMES: Mapping[str, str] = {  # in Spanish; in English the underscores become spaces
    "basket": "cesta",
    "repeat_share": "parte repetida",
    "quantity": "cantidad",
    "price": "precio",
    "spend": "gasto",
    "rhythm": "ritmo",
    "returns": "devoluciones",
    "ordered": "pidió",
    "products": "productos",
    "weekday": "día de la semana",
    "expected": "compras esperadas",
    "ingest": "recibir",
    "look_after": "mirar lo recibido",
    "validate": "validar",
    "prepare": "preparar",
    "review": "revisar",
    "detect_drift": "buscar cambios",
    "decide": "decidir",
    "train": "entrenar",
    "promote": "promover",
    "predict": "predecir",
    "publish": "publicar",
    "notify": "avisar",
    "begin": "comenzar",
    "keep_champion": "dejar el campeón",
    "staged_transactions": "pedidos recibidos",
    "staged_customers": "clientes recibidos",
    "staged_products": "productos recibidos",
    "quarantine": "apartados",
    "customers": "clientes",
    "purchases": "compras",
    "weeks": "semanas",
    "scores": "puntuaciones",
    "shadow": "sombra",
    "predictions": "predicciones",
    "performance": "resultados",
    "performance_parts": "resultados por partes",
}


def meaning(column: str, lang: str) -> str:
    """What a column tells of a customer; of an attribute, that it is one."""
    return _MEANS.get(column, _ATTRIBUTE)[LANGUAGES.index(lang)]


def name_of(code: str, lang: str) -> str:
    """The name of a column, a step or a dataset.

    >>> name_of("detect_drift", "en"), name_of("detect_drift", "es"), name_of("customer_type", "es")
    ('detect drift', 'buscar cambios', 'customer type')
    """
    plain = code.replace("_", " ")
    return plain if lang == "en" else _NAMES.get(code, plain)
