"""What a home says in English, in Spanish: sentences of runs, of the gate and of the ledger, known by their shape.

A sentence that is not known, like the reason that a person gave, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from semana.ui.words import deliveries

_MODELS: Mapping[str, tuple[str, str]] = {
    "boosting": ("boosted trees", "árboles potenciados"),
    "decayed_frequency": ("decayed frequency (a rule)", "frecuencia con olvido (una regla)"),
    "recent_repeat": ("bought lately (a rule)", "comprado hace poco (una regla)"),
    "personal_frequency": ("personal frequency (a rule)", "frecuencia personal (una regla)"),
    "champion": ("the champion", "el campeón"),
}
_CASE = r"case (.*)"  # of the golden set, named by an attribute and its value
_SHAPES: tuple[tuple[str, str], ...] = (
    # Why a run retrained, or did not
    (r"first run: no model serves yet", "primera ejecución: aún no sirve ningún modelo"),
    (r"the champion is (\d+) weeks? old, (\d+) are allowed", "el campeón tiene {0} semanas; se permiten {1}"),
    (r"too few realised weeks to judge by", "hay pocas semanas reales para juzgarlo"),
    (r"champion is (\d+) weeks? old and (.*)", "el campeón tiene {0} semanas y {1}"),
    (r"the champion cannot serve: (.*)", "el campeón no puede servir: {0}"),
    (
        r"against the champion's own first (\d+) weeks: (.*)",
        "frente a las primeras {0} semanas del propio campeón: {1}",
    ),
    (r"drift since (\S+), most in (.*)", "hay cambio desde {0}, sobre todo en {1}"),
    (
        r"below by ([\d.]+) in the newest week, ([\d.]+) is allowed",
        "por debajo en {0} en la última semana; se permite {1}",
    ),
    (
        r"below in (\d+) of the last (\d+) weeks, by ([\d.]+) on average, ([\d.]+) is allowed",
        "por debajo en {0} de las últimas {1} semanas, en {2} de media; se permite {3}",
    ),
    (r"not below its shadow \((\d+) weeks? without holidays\)", "no está por debajo de su sombra ({0} semanas)"),
    (r"performance holds", "rinde como antes"),
    (r"told to retrain", "se pidió reentrenar"),
    (r"told not to retrain", "se pidió no reentrenar"),
    (
        r"rolled back for this week: the next run may retrain",
        "revertido esta semana: la próxima ejecución puede reentrenar",
    ),
    # Checks of the gate: names, limits and what they say
    (r"serves in a clean process", "sirve en un proceso limpio"),
    (r"probabilities are numbers", "las probabilidades son números"),
    (r"not constant", "no es constante"),
    (r"plausible volume", "volumen verosímil"),
    (r"calibrated", "calibrado"),
    (r"not worse than the champion", "no peor que el campeón"),
    (r"not worse than (\S+)", "no peor que {0}"),
    (r"not rolled back before", "nunca revertido"),
    (r"golden weeks unseen", "semanas de oro no vistas"),
    (r"golden set as locked", "conjunto de oro intacto"),
    (r"golden set young enough", "conjunto de oro reciente"),
    (r"critical cases", "casos críticos"),
    (r"case all pairs", "caso: todos los pares"),
    (r"case explore purchases", "caso: compras por explorar"),
    (r"case holiday weeks", "caso: semanas con festivos"),
    (r"case lapsed buyers", "caso: compradores inactivos"),
    (r"case largest", "caso: los mayores"),
    (r"case new products", "caso: productos nuevos"),
    (r"case newcomers", "caso: clientes nuevos"),
    (r"case (.*): not told", "caso {0}: no dicho"),
    (_CASE, "caso {0}"),
    (r"same scores", "las mismas puntuaciones"),
    (r"0 outside 0 to 1", "0 fuera de 0 a 1"),
    (r"above ([\d.]+)", "más de {0}"),
    (r"(-?[\d.]+) to (-?[\d.]+)", "de {0} a {1}"),
    (r"(-?[\d.]+) or more", "{0} o más"),
    (r"never", "nunca"),
    (r"every file by its hash", "cada archivo por su huella"),
    (r"(\d+) weeks", "{0} semanas"),
    (r"as the champion", "como el campeón"),
    (r"loaded and scored as saved", "se cargó y puntuó como se guardó"),
    (r"(\d+) scored", "{0} puntuados"),
    (r"highest less lowest probability", "mayor probabilidad menos la menor"),
    (r"every pair was bought, none could be told apart", "todos los pares se compraron: nada que distinguir"),
    (r"recommended pairs per purchase", "pares recomendados por compra"),
    (
        r"expected purchases per actual one among the candidates",
        "compras esperadas por compra real entre los candidatos",
    ),
    (r"difference of mean F1", "diferencia de F1 medio"),
    (r"never was", "nunca lo fue"),
    (r"it failed in service", "falló en servicio"),
    (r"no golden week was a label", "ninguna semana de oro fue etiqueta"),
    (r"(.*) taught it or judged it", "{0} le enseñaron o lo juzgaron"),
    (
        r"no set yet: the first promotion with a history long enough freezes one",
        "aún no hay: lo fija la primera promoción con historia suficiente",
    ),
    (r"(\d+) weeks, (\d+) cases, frozen for (\S+)", "{0} semanas, {1} casos, fijado para {2}"),
    (r"in weeks", "en semanas"),
    (
        r"the golden set is (\d+) weeks old: make another with (.*)",
        "el conjunto de oro tiene {0} semanas: haga otro con {1}",
    ),
    (r"F1 ([\d.]+), champion ([\d.]+), (\d+) pairs", "F1 {0}, campeón {1}, {2} pares"),
    (
        r"average precision ([\d.]+), champion ([\d.]+), (\d+) pairs",
        "precisión media {0}, campeón {1}, {2} pares",
    ),
    (r"no gate week to judge by", "ninguna semana de control con que juzgar"),
    (r"no gate week that it has not seen", "ninguna semana de control que no haya visto"),
    (r"there is no champion to compare with", "no hay campeón con que comparar"),
    (
        r"the champion, made before the set, has learned from every golden week",
        "el campeón, anterior al conjunto, aprendió de todas las semanas de oro",
    ),
    # What serves, and what became of orders
    (r"(\S+) serves from (\S+) on", "{0} sirve desde {1}"),
    (
        r"the list of (\S+) is of (\S+), (\S+) serves by now: the next week's is its first; for this week: (.*)",
        "la lista de {0} es de {1}; ahora sirve {2}: la próxima será su primera; para esta semana: {3}",
    ),
    (r"(\S+) serves already: version (\S+), since (\S+)", "{0} ya sirve: versión {1}, desde {2}"),
    (
        r"(\S+) has no predecessor that may serve(.*): it stays. Train another: (.*)",
        "{0} no tiene predecesor que pueda servir{1}: se queda. Entrene otro: {2}",
    ),
    (r"version (.*) never served; there are: (.*) \(.*\)", "la versión {0} nunca sirvió; hay: {1}"),
    (
        r"the home is away since (\S+): the last good list serves",
        "la carpeta de datos no está desde {0}: sirve la última lista buena",
    ),
    (r"(.*) is refused since (\S+): (.*)", "{0} se rechaza desde {1}: {2}"),
    (
        r"in (\d+) of the last (\d+) weeks the truth lay beyond its estimate: do not trust this one",
        "en {0} de las últimas {1} semanas lo real quedó fuera de su estimación: no se fíe de esta",
    ),
    (r"(\d+) MiB are free, (\d+) are wanted. Free some, or: (.*)", "quedan {0} MiB, hacen falta {1}. Libere, o: {2}"),
    # Why a step failed, or a list may not serve
    (
        r"the scores of (\S+) are not those of run (\S+): another run made them since\. Make them again: (.*)",
        "las puntuaciones de {0} no son las de la ejecución {1}: otra las hizo después. Hágalas de nuevo: {2}",
    ),
    (
        r"the scores are empty or no probabilities: nothing is published, the last list keeps serving",
        "las puntuaciones están vacías o no son probabilidades: no se publica nada, sigue la última lista",
    ),
    (
        r"the scores expect (\d+) purchases, the forecast is (\d+): nothing is published\. Look at (.*), then (.*)\.",
        "las puntuaciones esperan {0} compras, el pronóstico es {1}: no se publica nada. Vea {2}, luego {3}.",
    ),
    (
        r"the prepared tables of (\S+) are not there any more; its list was made at position (\d+) as of (\S+)\. Make "
        r"them once more: (.*)",
        "las tablas preparadas de {0} ya no están; su lista se hizo en la posición {1} a fecha de {2}. Hágalas otra "
        "vez: {3}",
    ),
    (
        r"the prepared tables of (\S+) have been made again since, at position (\d+) as of (\S+); its list was made at "
        r"position (\d+) as of (\S+)\. Make them once more: (.*)",
        "las tablas preparadas de {0} se hicieron de nuevo, en la posición {1} a fecha de {2}; su lista se hizo en la "
        "posición {3} a fecha de {4}. Hágalas otra vez: {5}",
    ),
    (
        r"no row has landed for (.+?): taken as it is, it would be learned as 'nobody bought'\. Deliver the missing "
        r"files, or declare the closure in (\S+): (.*)",
        "no llegó ninguna fila de {0}: así se aprendería como «nadie compró». Entregue los archivos que faltan o "
        "declare el cierre en {1}: {2}",
    ),
    (
        r"(\S+) ended on (\S+), today is (\S+): nothing newer than (\S+) has landed(.*)\. Deliver what is missing, or "
        r"predict from what is there with: (.*)",
        "{0} acabó el {1}, hoy es {2}: no llegó nada posterior a {3}{4}. Entregue lo que falta o prediga con lo que "
        "hay: {5}",
    ),
    (
        r"no model serves (\S+): the first challenger was refused, see (\S+)\. Ingest more history, or set another "
        r"gate: mode in (\S+)\.",
        "ningún modelo sirve {0}: el primer aspirante fue rechazado, vea {1}. Reciba más historia o ponga otro gate: "
        "mode en {2}.",
    ),
    (
        r"(\d+) messages? could not be sent over (.+?); the list is as it should be\. Mend the channel: `semana watch` "
        r"and later runs try again for a day\.",
        "{0} avisos no se pudieron enviar por {1}; la lista está como debe. Arregle el canal: «semana watch» y las "
        "ejecuciones posteriores lo intentan durante un día.",
    ),
    # Deliveries at the door
    (r"accepted", "aceptado"),
    (r"accepted: (.*)", "aceptado: {0}"),
    (r"retracted: (.*)", "retirado: {0}"),
    # Figures of the running week, and parts of lists
    (r"lines", "líneas"),
    (r"customers", "clientes"),
    (r"products", "productos"),
    (r"share without an amount", "parte sin importe"),
    (r"unknown ids", "códigos desconocidos"),
    (r"live scores unlike the published ones", "puntuaciones en vivo distintas de las publicadas"),
    (r"largest", "los mayores"),
    (r"newcomers", "clientes nuevos"),
    (r"not scored", "no puntuados"),
    (r"usual", "habitual"),
    (r"overdue", "atrasado"),
    (r"new", "nuevo"),
    (r"(.*): not told", "{0}: no dicho"),
    (r"Monday", "lunes"),
    (r"Tuesday", "martes"),
    (r"Wednesday", "miércoles"),
    (r"Thursday", "jueves"),
    (r"Friday", "viernes"),
    (r"Saturday", "sábado"),
    (r"Sunday", "domingo"),
    (r"recent weeks", "semanas recientes"),
    (r"same week last year", "misma semana del año pasado"),
    (r"training weeks", "semanas de entrenamiento"),
    (r"\(other\)", "(otros)"),
    (r"\(not told\)", "(no dicho)"),
)
_KNOWN = tuple((re.compile(shape), spanish) for shape, spanish in (*_SHAPES, *deliveries.SHAPES))


def model_in_words(name: str, lang: str) -> str:
    """What kind of model it is.

    >>> model_in_words("boosting", "es"), model_in_words("another", "en")
    ('árboles potenciados', 'another')
    """
    told = _MODELS.get(name, (name, name))
    return told[lang == "es"]


def sentence(said: str, lang: str) -> str:
    """What the home says, in the language.

    >>> sentence("the champion is 4 weeks old, 4 are allowed", "es")
    'el campeón tiene 4 semanas; se permiten 4'
    >>> sentence("not worse than decayed_frequency", "en"), sentence("the north complained", "es")
    ('not worse than decayed frequency (a rule)', 'the north complained')
    """
    if lang == "en":
        return _signed(re.sub(r"[a-z]+_[a-z_]+", lambda found: model_in_words(found[0], lang).replace("_", " "), said))
    for shape, spanish in _KNOWN:
        if found := shape.fullmatch(said):
            named = [part.replace("_", " ") if shape.pattern == _CASE else part for part in found.groups()]
            told = spanish.format(*(_part(part) for part in named))
            return re.sub(r"\b1 semanas\b", "1 semana", told)
    return said


def refusal(said: str, lang: str) -> str:
    """Why the gate refused a challenger, as its report gives the reason.

    >>> refusal("calibrated: 0.7857 (allowed: 0.99 to 1.5) difference of mean F1", "es")
    'calibrado: 0,7857; se permite de 0,99 a 1,5 (diferencia de F1 medio)'
    """
    found = re.fullmatch(r"(.+?): (\S+) \(allowed: (.+?)\) (.+)", said)
    if found is None:
        return sentence(said, lang)
    name, value, limit, says = (_part(part) if lang == "es" else sentence(part, lang) for part in found.groups())
    return f"{name}: {value}; {'se permite' if lang == 'es' else 'allowed is'} {limit} ({says})"


def _part(said: str) -> str:
    """A part of a sentence in Spanish: a number, a model, or a sentence of its own."""
    if re.fullmatch(r"-?\d+\.\d+", said):
        return _signed(said).replace(".", ",")
    if re.fullmatch(r"\d+%", said):
        return f"{said[:-1]} %"
    return model_in_words(said, "es") if said in _MODELS else sentence(_signed(said), "es")


def _signed(said: str) -> str:
    return re.sub(r"(?<!\w)-(?=\d)", "\N{MINUS SIGN}", said)
