"""What the view of drift says."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "drift_how": (
        "Whether customers behave unlike before. Each whole week has one score: how far its most moved column lies "
        "from its past, as a multiple of the usual distance. Alarm is raised when two of three weeks exceed all they "
        "are compared with.",
        "Si los clientes se comportan de otro modo. Cada semana entera tiene una puntuación: cuánto se aleja de su "
        "pasado la columna que más se movió, en múltiplos de lo usual. Hay alarma si dos de tres semanas superan a "
        "todas las comparadas.",
    ),
    "drift_none": (
        "No week has been judged yet: the first weekly run does it.",
        "Aún no se ha juzgado ninguna semana: lo hace la primera ejecución semanal.",
    ),
    "drift_whole": ("The last whole week", "La última semana entera"),
    "drift_calm": (
        "{week} is as different from before as weeks usually are.",
        "{week} difiere de lo anterior tanto como suelen las semanas.",
    ),
    "drift_violates": (
        "{week} differs more than all weeks it is compared with, most in {worst}. Another one soon, and drift is "
        "confirmed.",
        "{week} difiere más que todas las semanas comparadas, sobre todo en {worst}. Si pronto hay otra, el cambio "
        "queda confirmado.",
    ),
    "drift_confirmed": (
        "Drift is confirmed: {week} and one shortly before it differ more than all weeks they are compared with, most "
        "in {worst}. The next run retrains for it.",
        "Cambio confirmado: {week} y otra poco antes difieren más que todas las comparadas, sobre todo en {worst}. La "
        "próxima ejecución reentrena por ello.",
    ),
    "drift_short history": (
        "{week} differs more than every week before it, most in {worst}, but there are too few of them to confirm it.",
        "{week} difiere más que todas las anteriores, sobre todo en {worst}, pero son pocas para confirmarlo.",
    ),
    "drift_not enough data": (
        "Too few weeks are known to judge {week} by.",
        "Se conocen pocas semanas para juzgar {week}.",
    ),
    "drift_holiday week": (
        "{week} holds holidays: it is shown, not judged.",
        "{week} tiene festivos: se muestra, no se juzga.",
    ),
    "drift_is_calm": ("calm", "tranquila"),
    "drift_is_violates": ("violates", "se sale"),
    "drift_is_confirmed": ("confirmed", "confirmado"),
    "drift_is_short history": ("short history", "poca historia"),
    "drift_is_not enough data": ("not enough data", "faltan datos"),
    "drift_is_holiday week": ("holiday", "festivo"),
    "drift_absent": (
        "Not compared with {names}: the history is too short.",
        "Sin comparar con {names}: la historia es corta.",
    ),
    "drift_score": ("Score of each week", "Puntuación de cada semana"),
    "drift_score_says": (
        "The most moved column, as a multiple of its usual distance. Above the limit a week violates; holiday weeks "
        "are left out.",
        "La columna que más se movió, en múltiplos de su distancia usual. Sobre el límite la semana se sale; sin "
        "semanas festivas.",
    ),
    "drift_score_line": ("score", "puntuación"),
    "drift_limit_line": ("limit", "límite"),
    "drift_no_score": (
        "No week could be scored yet: at least 12 whole weeks without holidays come first.",
        "Aún no se pudo puntuar ninguna semana: antes hacen falta 12 semanas enteras sin festivos.",
    ),
    "drift_columns": ("What moved most", "Lo que más se movió"),
    "drift_columns_says": (
        "Customers of {week} beside those of the weeks before; each customer counts once.",
        "Clientes de {week} junto a los de las semanas anteriores; cada cliente cuenta una vez.",
    ),
    "drift_then": ("the weeks before", "las semanas anteriores"),
    "drift_rest": (" All others together: {now}, before {before}.", " Los demás juntos: {now}; antes {before}."),
    "drift_shape": ("Distribution of {column}, now and before", "Distribución de {column}, ahora y antes"),
    "drift_telling": ("What tells them apart", "Qué los distingue"),
    "drift_telling_says": (
        "Customers of the week are told {how} from those of the weeks before (AUC {auc}; .5 is not at all).",
        "Los clientes de la semana se distinguen {how} de los anteriores (AUC {auc}; 0,5 es nada).",
    ),
    "drift_hardly": ("hardly", "apenas"),
    "drift_little": ("a little", "un poco"),
    "drift_well": ("well", "bien"),
    "drift_every": ("Every column", "Todas las columnas"),
    "drift_every_says": (
        "Distance of {week}: of kinds Jensen–Shannon (0 to 1), of numbers Wasserstein in standard deviations.",
        "Distancia de {week}: de clases, Jensen–Shannon (0 a 1); de números, Wasserstein en desviaciones típicas.",
    ),
    "drift_against": ("against {reference}", "frente a {reference}"),
    "drift_times": ("{ratio} × usual", "{ratio} × lo usual"),
    "drift_distance": ("distance {distance}", "distancia {distance}"),
    "drift_door": ("Deliveries at the door", "Entregas en la puerta"),
    "drift_door_says": (
        "Jumps of units and volume, values that went missing, and rewritten codes are stopped here, and never reach "
        "the columns above. The newest first.",
        "Aquí se detienen los saltos de unidades y volumen, los valores que faltan y los códigos reescritos: nunca "
        "llegan a las columnas de arriba. Primero lo último.",
    ),
    "drift_rows": ("{rows} rows", "{rows} filas"),
    "drift_quarantined": ("{n} set aside", "{n} apartadas"),
    "drift_retracted": ("retracted", "retirada"),
    "drift_stopped": ("refused", "rechazada"),
    "drift_no_door": ("Nothing was delivered yet.", "Aún no se entregó nada."),
    "live": ("The running week", "La semana en curso"),
    "live_none": (
        "The running week has not been looked at yet: that follows every delivery of order lines, or semana drift "
        "--live",
        "La semana en curso aún no se ha mirado: ocurre tras cada entrega de pedidos, o con semana drift --live",
    ),
    "live_says": (
        "{week} until {until}, against the same days of {n} past weeks. Band: what is not odd; line: usual; dot: now.",
        "{week} hasta el {until}, frente a los mismos días de {n} semanas. Franja: lo normal; línea: lo usual; punto: "
        "ahora.",
    ),
    "live_over": ("The last week that was looked at", "La última semana que se miró"),
    "live_over_says": (
        "{week} is over; nothing of a later week had landed when it was looked at. It was looked at until {until}, "
        "against the same days of {n} past weeks. Band: what is not odd; line: usual; dot: that week.",
        "{week} ya pasó; al mirarla no había llegado nada de una semana posterior. Se miró hasta el {until}, frente a "
        "los mismos días de {n} semanas. Franja: lo normal; línea: lo usual; punto: esa semana.",
    ),
    "live_fine": ("Nothing is odd.", "Nada es extraño."),
    "live_odd": ("Odd: {names}.", "Extraño: {names}."),
    "live_coming": ("order lines of the whole week", "líneas de pedido de toda la semana"),
    "live_between": ("{low} to {high}, so far {now}", "de {low} a {high}; hasta ahora {now}"),
    "live_no_coming": (
        "No past week tells what this one may come to.",
        "Ninguna semana pasada dice a cuánto llegará esta.",
    ),
    "live_told": ("{name}: {now}, usual is {usual}", "{name}: {now}; lo usual es {usual}"),
    "live_told_range": (" ({low} to {high} is not odd)", " (de {low} a {high} es normal)"),
    "live_figure": ("now", "ahora"),
    "live_usual": ("usual", "usual"),
    "live_range": ("not odd", "normal"),
    "live_short": ("too few past weeks", "pocas semanas"),
    "asked": ("What the API was asked", "Qué se preguntó a la API"),
    "asked_says": ("In seven days, beside the list that it answers from.", "En siete días, junto a la lista."),
    "asked_none": ("It was not asked in the last seven days.", "No se le preguntó en los últimos siete días."),
    "asked_requests": ("requests", "peticiones"),
    "asked_rows": ("rows answered", "filas respondidas"),
    "asked_unknown": ("unknown ids", "códigos desconocidos"),
    "asked_distance": ("chances, answers against list", "probabilidades, respuestas frente a lista"),
    "asked_distance_says": ("largest gap, 0 to 1", "mayor diferencia, 0 a 1"),
    "asked_gap": ("live against list, same pair", "en vivo frente a lista, mismo par"),
    "asked_gap_says": ("0 is right", "lo correcto es 0"),
    "asked_kinds": ("Kinds of the answers, beside the list", "Tipos de las respuestas, junto a la lista"),
    "asked_answers": ("answers", "respuestas"),
    "asked_list": ("list", "lista"),
}
