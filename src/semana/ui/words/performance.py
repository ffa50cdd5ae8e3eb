"""What the view of results says."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "results_how": (
        "Every list whose week is over, against what was then bought. F1 is high where most of what was listed was "
        "bought, and most of what was bought was listed. The usual is a rule of thumb: what each customer bought most "
        "often lately.",
        "Cada lista cuya semana acabó, frente a lo que se compró. F1 es alto si se compró casi todo lo listado y se "
        "listó casi todo lo comprado. Lo usual es una regla sencilla: lo que cada cliente compró más a menudo.",
    ),
    "results_none": (
        "No list's week is over yet. The first results come with the run after its week.",
        "Aún no acaba la semana de ninguna lista. Los primeros resultados llegan con la ejecución siguiente.",
    ),
    "results_mean": ("F1 of the lists", "F1 de las listas"),
    "results_weeks": ("mean of {n} weeks", "media de {n} semanas"),
    "results_week": ("of one week", "de una semana"),
    "results_usual": ("F1 of the usual", "F1 de lo usual"),
    "results_same": ("in the same weeks", "en las mismas semanas"),
    "results_over": ("mean of {n} weeks; {times} × the usual", "media de {n} semanas; {times} × lo usual"),
    "results_newest": ("F1 in {week}", "F1 en {week}"),
    "results_between": ("95 %: {low} to {high}", "95 %: {low} a {high}"),
    "results_coming": ("expected of {week}", "se espera de {week}"),
    "results_eighty": ("80 %: {low} to {high}", "80 %: {low} a {high}"),
    "results_no_interval": ("too few weeks for an interval", "pocas semanas para un intervalo"),
    "results_f1": ("F1 by week", "F1 por semana"),
    "results_f1_says": (
        "Upright bars: 95 % intervals over customers. A dotted line: another model began to serve (↩ came back).",
        "Barras: intervalos del 95 % sobre clientes. Línea de puntos: empezó a servir otro modelo (↩ volvió).",
    ),
    "results_served": ("list that served", "lista que sirvió"),
    "results_shadow": ("shadow (the model before)", "sombra (el modelo anterior)"),
    "results_rule": ("the usual (rule of thumb)", "lo usual (regla sencilla)"),
    "results_shares": ("What F1 is made of", "De qué se compone F1"),
    "results_shares_says": (
        "How much of the list was bought, and how much of what was bought was listed; with 95 % intervals.",
        "Cuánto de la lista se compró y cuánto de lo comprado estaba listado; con intervalos del 95 %.",
    ),
    "results_precision": ("bought of listed", "comprado de lo listado"),
    "results_recall": ("listed of bought", "listado de lo comprado"),
    "results_calibration": ("Expected against actual purchases", "Compras esperadas frente a reales"),
    "results_calibration_says": (
        "Of the scored pairs. At 1 the chances added up to what was bought; above, they promised too much.",
        "De los pares puntuados. En 1 las probabilidades sumaron lo comprado; por encima, prometieron de más.",
    ),
    "results_top": ("The ten likeliest of each customer", "Los diez más probables de cada cliente"),
    "results_top_says": (
        "Over customers who bought: the share of their purchases among the ten (recall@10), and how far at the top "
        "they stand (NDCG@10).",
        "Entre clientes que compraron: qué parte de sus compras está entre los diez (recall@10) y cuán arriba "
        "(NDCG@10).",
    ),
    "results_parts": ("In parts", "Por partes"),
    "results_parts_says": (
        "The last {n} weeks together. Pairs not scored were never bought before, or long ago.",
        "Las últimas {n} semanas juntas. Los pares no puntuados nunca se compraron, o hace mucho.",
    ),
    "results_kind": ("By kind of pair", "Por tipo de par"),
    "results_segment": ("By segment of customer", "Por segmento de cliente"),
    "results_listed": ("listed", "listados"),
    "results_bought": ("bought", "comprados"),
    "results_every": ("Every list", "Todas las listas"),
    "results_at": ("week", "semana"),
    "results_calibration_short": ("calibration", "calibración"),
    "results_lift": ("over the usual", "frente a lo usual"),
    "results_is_champion": ("served", "sirvió"),
    "results_is_shadow": ("shadow", "sombra"),
    "results_plot": ("{what} in {n} weeks", "{what} en {n} semanas"),
}
