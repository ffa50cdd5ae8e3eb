"""Why a delivery was refused at the door, in Spanish: the shapes of those sentences, and what to do, part by part."""

from __future__ import annotations

SHAPES: tuple[tuple[str, str], ...] = (
    (
        r"(\S+): no rows, only column names; at least one was expected. Export it again.",
        "{0}: no hay filas, solo nombres de columnas; se esperaba al menos una. Expórtelo de nuevo.",
    ),
    (
        r"(\S+): none of its (\d+) rows passes the source's filters. Check them, and the file.",
        "{0}: ninguna de sus {1} filas pasa los filtros de la fuente. Revise los filtros y el archivo.",
    ),
    (
        r"(\S+): (\d+) of (\d+) rows of (\S+) are bad \((.*)\); at most (\S+) may be. The first is row "
        r"(\d+) below the heading: (.*)",
        "{0}: {1} de {2} filas de {3} son malas ({4}); se permite {5}. La primera es la fila {6} bajo el "
        "encabezado: {7}",
    ),
    (
        r"(\S+): (\S+) of its lines were sent back \(a quantity below zero\); of those that have landed, "
        r"(\S+). Has the sign changed\? (.*)",
        "{0}: {1} de sus líneas son devoluciones (cantidad bajo cero); de las recibidas, {2}. ¿Cambió el signo? {3}",
    ),
    (
        r"(\S+): (\S+) of the rows of (\S+) have no (\S+); of those that have landed, (\S+). Has a column "
        r"moved or been renamed\? (.*)",
        "{0}: {1} de las filas de {2} no tienen {3}; de las recibidas, {4}. ¿Se movió o renombró una columna? {5}",
    ),
    (
        r"(\S+): (\S+) of (\S+) of the rows of (\S+) is of kinds that have never landed \((.*)\). Were "
        r"the codes changed\? (.*)",
        "{0}: {1} del {2} de las filas de {3} es de clases nunca recibidas ({4}). ¿Cambiaron los códigos? {5}",
    ),
    (
        r"(\S+): (\S+) of its lines of new days are of a (\S+) that has never landed. Are the ids written "
        r"in another way than before\? (.*)",
        "{0}: {1} de sus líneas de días nuevos son de un {2} nunca recibido. ¿Se escriben los códigos de "
        "otro modo? {3}",
    ),
    (
        r"(\S+): (.*) is (\S+) times what has landed; (\S+) to (\S+) times was expected. Has a unit "
        r"changed, or was the file exported twice or in part\? (.*)",
        "{0}: {1} es {2} veces lo recibido; se esperaba de {3} a {4} veces. ¿Cambió una unidad, o se "
        "exportó el archivo dos veces o en parte? {5}",
    ),
    (
        r"Fix the export; if it is real: (.*)",
        "Corrija la exportación; si es real: {0}",
    ),
    (
        r"(.*) Fix the export and deliver it again.",
        "{0} Corrija la exportación y entréguela de nuevo.",
    ),
    (
        r"(\S+): is empty \(0 bytes\). Export it again.",
        "{0}: está vacío (0 bytes). Expórtelo de nuevo.",
    ),
    (
        r"(\S+): not a Parquet or CSV file; names end in (.*).",
        "{0}: no es un archivo Parquet ni CSV; los nombres acaban en {1}.",
    ),
    (
        r"(\S+): is Parquet but truncated: its end is missing. Copy or export it again.",
        "{0}: es Parquet pero está cortado: falta el final. Cópielo o expórtelo de nuevo.",
    ),
    (
        r"(\S+): is damaged Parquet (\(.*\)). Copy or export it again.",
        "{0}: es Parquet dañado {1}. Cópielo o expórtelo de nuevo.",
    ),
    (
        r"(.*). Fix the export, or map another column in (\S+).",
        "{0}. Corrija la exportación o asigne otra columna en {1}.",
    ),
)
