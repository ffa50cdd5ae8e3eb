"""What the view of the model says."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "model_how": (
        "Which model makes the lists, how each one came to serve, and what the gate found of every challenger. "
        "Whoever holds an admin key can send the model back, or another one to serve.",
        "Qué modelo hace las listas, cómo llegó cada uno a servir y qué halló el control de cada aspirante. "
        "Con una clave de administrador se puede revertir el modelo o hacer que sirva otro.",
    ),
    "model_now": ("Serving now", "Sirve ahora"),
    "model_kind": ("kind of model", "tipo de modelo"),
    "model_since": ("serves since", "sirve desde"),
    "model_gate_f1": ("F1 at the gate", "F1 en el control"),
    "model_f1": ("F1 of its lists", "F1 de sus listas"),
    "model_f1_weeks": ("mean of {n} weeks", "media de {n} semanas"),
    "model_f1_week": ("of one week", "de una semana"),
    "model_no_week": ("no week is over yet", "aún no acaba ninguna semana"),
    "model_list": ("the list is of", "la lista es de"),
    "model_by": ("made by {version}, revision {rev}", "hecha por {version}, revisión {rev}"),
    "model_fine": (
        "The newest list is served; nothing newer was refused.",
        "Se sirve la lista más nueva; nada más nuevo fue rechazado.",
    ),
    "model_degraded": (
        "The last good list serves, until this is mended:",
        "Sirve la última lista buena, hasta que se arregle esto:",
    ),
    "model_old": (
        "The list is old: its week ended on {day}, and no newer one is published. See Runs.",
        "La lista es vieja: su semana acabó el {day} y no hay otra más nueva. Vea Ejecuciones.",
    ),
    "model_none": (
        "No model serves yet. The first weekly run trains one and brings it through the gate: semana run",
        "Aún no sirve ningún modelo. La primera ejecución semanal entrena uno y lo pasa por el control: semana run",
    ),
    "model_strip": ("Who served when", "Quién sirvió cuándo"),
    "model_strip_says": (
        "From week to week; ↩ where a model came back.",
        "De semana en semana; ↩ donde un modelo volvió.",
    ),
    "model_versions": ("Versions", "Versiones"),
    "model_from": ("from {weeks}", "desde {weeks}"),
    "model_serves": ("serves", "sirve"),
    "model_back": ("rolled back", "revertido"),
    "model_unfit": ("may not serve", "no puede servir"),
    "gate": ("The gate", "El control"),
    "gate_says": (
        "Whatever is trained must pass all of these checks before it serves. Choose a challenger to read its report.",
        "Todo lo que se entrena debe pasar estos controles antes de servir. Elija un aspirante para leer su informe.",
    ),
    "gate_none": (
        "No challenger came to the gate yet: a run that retrains brings one.",
        "Aún no hubo aspirantes: los trae una ejecución que reentrena.",
    ),
    "gate_passed": ("passed", "pasó"),
    "gate_refused": ("refused", "rechazado"),
    "gate_would": ("would be refused", "se rechazaría"),
    "gate_off": ("not checked", "sin control"),
    "gate_held": ("{held} of {judged} checks hold.", "{held} de {judged} controles se cumplen."),
    "gate_unjudged": (
        "{n} could not be judged, for want of weeks or of a model to compare with.",
        "{n} no se pudieron juzgar: faltan semanas o un modelo con que comparar.",
    ),
    "gate_why": ("Refused because:", "Rechazado porque:"),
    "gate_would_why": (
        "It serves all the same, for the gate only looks on (mode dry_run). It would be refused because:",
        "Sirve de todos modos, pues el control solo mira (modo dry_run). Se rechazaría porque:",
    ),
    "gate_allowed": ("{name}: {value}, allowed is {limit} ({says})", "{name}: {value}; se permite {limit} ({says})"),
    "gate_failed": ("{name}: {says}", "{name}: {says}"),
    "gate_model": ("The model, in weeks that it has not seen", "El modelo, en semanas que no ha visto"),
    "gate_golden": (
        "The golden set: frozen weeks from which no model learns",
        "El conjunto de oro: semanas fijas de las que ningún modelo aprende",
    ),
    "gate_limit": ("allowed: {limit}", "se permite: {limit}"),
    "gate_f1": ("F1 in the gate weeks", "F1 en las semanas de control"),
    "gate_f1_says": (
        "Of the challenger, the rules of thumb and the champion, by the same decision. Further right is better.",
        "Del aspirante, las reglas sencillas y el campeón, con la misma decisión. Más a la derecha es mejor.",
    ),
    "verdict_holds": ("holds", "se cumple"),
    "verdict_warns": ("to be looked at", "por revisar"),
    "verdict_fails": ("fails", "falla"),
    "verdict_not judged": ("not judged", "no juzgado"),
    "ledger": ("The ledger", "El registro"),
    "ledger_says": (
        "Every change of the model that serves, and why; the newest first. Nothing is ever struck out.",
        "Cada cambio del modelo que sirve y por qué; primero lo último. Nada se borra.",
    ),
    "ledger_promoted": ("promoted", "promovido"),
    "ledger_back": ("rolled back from {version}", "revertido desde {version}"),
    "ledger_hand": ("by hand", "a mano"),
    "ledger_by": ("by {by}", "por {by}"),
    "order": ("Change what serves", "Cambiar lo que sirve"),
    "order_says": (
        "Your order is kept and carried out by the next run or by “semana watch”; the list changes with the next run. "
        "The reason stands in the ledger for good.",
        "Su orden se guarda y la cumple la próxima ejecución o «semana watch»; la lista cambia con la próxima "
        "ejecución. El motivo queda en el registro.",
    ),
    "order_no_scope": (
        "Your key ({name}) may not order here. Ask for one with scope admin: semana keys create NAME --scope admin",
        "Su clave ({name}) no permite ordenar aquí. Pida una con permiso admin: semana keys create NOMBRE --scope "
        "admin",
    ),
    "order_what": ("What is to happen", "Qué debe pasar"),
    "order_rollback": ("Back to the model before (rollback)", "Volver al modelo anterior (revertir)"),
    "order_promote": ("Let {version} serve ({model}, from {week})", "Que sirva {version} ({model}, desde {week})"),
    "order_refused": (
        "Let the refused challenger of {week} serve ({model})",
        "Que sirva el aspirante rechazado de {week} ({model})",
    ),
    "order_reason": ("Why", "Por qué"),
    "order_reason_hint": ("e.g. the list was wrong for the north", "p. ej. la lista estaba mal en el norte"),
    "order_send": ("Give the order", "Dar la orden"),
    "order_no_reason": (
        "Say why first, in three letters at least: the reason is kept in the ledger.",
        "Diga primero por qué, con tres letras al menos: el motivo queda en el registro.",
    ),
    "order_left": (
        "The order is kept. It waits for the next run or for “semana watch”; look here what became of it.",
        "La orden está guardada. Espera a la próxima ejecución o a «semana watch»; mire aquí qué fue de ella.",
    ),
    "orders": ("Orders", "Órdenes"),
    "order_look": ("Look again", "Mirar de nuevo"),
    "order_was_rollback": ("rollback", "revertir"),
    "order_was_promote": ("let {version} serve", "que sirva {version}"),
    "outcome_waiting": ("waiting", "en espera"),
    "outcome_taken": ("done", "hecho"),
    "outcome_refused": ("not done", "no se hizo"),
}
