"""Why a delivery was refused at the door, in Spanish: the shapes of those sentences, and what to do, part by part.

Groups are told in Spanish in their turn. The first shape that fits counts, so that lists are taken apart before what
they list.
"""

from __future__ import annotations

from semana.data import schemas as s

_KINDS = "text|a number|a date or time|of type .+?"
_FAULT = r"(?:.+ is .+|date .+)"  # a rule that a row broke
SHAPES: tuple[tuple[str, str], ...] = (
    # Of the whole file: what was wrong, and after it what to do
    (
        r"(.+?): no rows, only column names; at least one was expected\. Export it again\.",
        "{0}: no hay filas, solo nombres de columnas; se esperaba al menos una. Expórtelo de nuevo.",
    ),
    (
        r"(.+?): none of its (\d+) rows passes the source's filters\. Check them, and the file\.",
        "{0}: ninguna de sus {1} filas pasa los filtros de la fuente. Revise los filtros y el archivo.",
    ),
    (
        r"(.+?): (\d+) of (\d+) rows of (\S+) are bad \((.*?)\); at most (\S+) may be\. The first is row "
        r"(\d+) below the heading: (.*?)\. (Fix the export.*)",
        "{0}: {1} de {2} filas de {3} son malas ({4}); se permite el {5}. La primera es la fila {6} bajo el "
        "encabezado: {7}. {8}",
    ),
    (
        r"(.+?): (\S+) of its lines were sent back \(a quantity below zero\); of those that have landed, "
        r"(\S+)\. Has the sign changed\? (.*)",
        "{0}: el {1} de sus líneas son devoluciones (cantidad bajo cero); de las recibidas, el {2}. ¿Cambió el signo? "
        "{3}",
    ),
    (
        r"(.+?): (\S+) of the rows of (\S+) have no (.+?); of those that have landed, (\S+)\. Has a column "
        r"moved or been renamed\? (.*)",
        "{0}: el {1} de las filas de {2} no tienen {3}; de las recibidas, el {4}. ¿Se movió o renombró una columna? "
        "{5}",
    ),
    (
        r"(.+?): (.+?) of (\S+) of the rows of (\S+) is of kinds that have never landed \((.*)\)\. Were "
        r"the codes changed\? (.*)",
        "{0}: {1} del {2} de las filas de {3} es de clases nunca recibidas ({4}). ¿Cambiaron los códigos? {5}",
    ),
    (
        r"(.+?): (\S+) of its lines of new days are of a (\S+) that has never landed\. Are the ids written "
        r"in another way than before\? (.*)",
        "{0}: el {1} de sus líneas de días nuevos son de un {2} nunca recibido. ¿Se escriben los códigos de "
        "otro modo? {3}",
    ),
    (
        r"(.+?): (the .+?) is (\S+) times what has landed; (\S+) to (\S+) times was expected\. Has a unit "
        r"changed, or was the file exported twice or in part\? (.*)",
        "{0}: {1} es {2} veces lo recibido; se esperaba de {3} a {4} veces. ¿Cambió una unidad, o se "
        "exportó el archivo dos veces o en parte? {5}",
    ),
    (
        r"(.+?): source (\S+) has no table for a file of this name \((.*)\)\. Rename the file, or say which table it "
        r"is with --table\.",
        "{0}: la fuente {1} no tiene tabla para un archivo de este nombre ({2}). Cambie el nombre o diga qué tabla es "
        "con --table.",
    ),
    (
        r"(.+?): is empty \(0 bytes\)\. Export it again\.",
        "{0}: está vacío (0 bytes). Expórtelo de nuevo.",
    ),
    (
        r"(.+?): not a Parquet or CSV file; names end in (.*)\.",
        "{0}: no es un archivo Parquet ni CSV; los nombres acaban en {1}.",
    ),
    (
        r"(.+?): is Parquet but truncated: its end is missing\. Copy or export it again\.",
        "{0}: es Parquet pero está cortado: falta el final. Cópielo o expórtelo de nuevo.",
    ),
    (
        r"(.+?): is damaged Parquet (\(.*\))\. Copy or export it again\.",
        "{0}: es Parquet dañado {1}. Cópielo o expórtelo de nuevo.",
    ),
    (
        r"(.+?): is named Parquet but is (.+?)\. Name it \.csv if it is one, or export it again\.",
        "{0}: se llama Parquet pero es {1}. Llámelo .csv si lo es, o expórtelo de nuevo.",
    ),
    (
        r"(.+?): is named as CSV but is (.+?); UTF-8 text was expected\. Export it again\.",
        "{0}: se llama CSV pero es {1}; se esperaba texto UTF-8. Expórtelo de nuevo.",
    ),
    (
        r"(.+?): is not (\S+): byte (\S+) after (\d+) bytes\. Save it as UTF-8 \(in Excel: 'CSV UTF-8'\), or name its "
        r"encoding in the source's file, like (.*)\.",
        "{0}: no es {1}: byte {2} tras {3} bytes. Guárdelo como UTF-8 (en Excel: «CSV UTF-8»), o diga su codificación "
        "en el archivo de la fuente, como {4}.",
    ),
    (
        r"(.+?): is not a table of values separated by (.+?) \((.*)\)\. Every line must have as many values as the "
        r"first one has names; quote values that hold the separator\.",
        "{0}: no es una tabla de valores separados por {1} ({2}). Cada línea debe tener tantos valores como nombres la "
        "primera; ponga entre comillas los valores que contengan el separador.",
    ),
    (
        r"(.+?): (.+?) heads two columns\. Rename one of them, or leave it out\.",
        "{0}: {1} encabeza dos columnas. Cambie el nombre de una o quítela.",
    ),
    # Of its columns and ids
    (
        r"(.+?): column (.+?) \((.+?)\) is missing; there are: (.*?)\. Was it renamed to (.+?)\? (Fix the export.*)",
        "{0}: falta la columna {1} ({2}); hay: {3}. ¿Se llama ahora {4}? {5}",
    ),
    (
        r"(.+?): column (.+?) \((.+?)\) is missing; there are: (.*?)\. (Fix the export.*)",
        "{0}: falta la columna {1} ({2}); hay: {3}. {4}",
    ),
    (r"(.+?): (column .+? was expected)\. (Fix the export.*)", "{0}: {1}. {2}"),
    (
        rf"column ('.+?') is ({_KINDS}); (.+?) was expected; (column .+)",
        "la columna {0} es {1}; se esperaba {2}; {3}",
    ),
    (rf"column ('.+?') is ({_KINDS}); (.+?) was expected", "la columna {0} es {1}; se esperaba {2}"),
    (
        r"(.+?): column (.+?) holds (.+?); whole numbers were expected, as in what has landed\. Fix the export, or "
        r"start another --home for ids that are text\.",
        "{0}: la columna {1} contiene {2}; se esperaban números enteros, como en lo recibido. Corrija la exportación o "
        "empiece otro --home para códigos de texto.",
    ),
    (
        r"(.+?): column (.+?) holds (.+?); ids are whole numbers or text\. Fix the export: write the column as "
        r"integers or as text\.",
        "{0}: la columna {1} contiene {2}; los códigos son números enteros o texto. Corrija la exportación: escriba la "
        "columna como enteros o como texto.",
    ),
    (
        r"(.+?): attribute (.+?) has a name that we use; not allowed, whatever their case: (.*)\. Rename the column\.",
        "{0}: el atributo {1} tiene un nombre que usamos; no se admiten, con mayúsculas o sin ellas: {2}. Cambie el "
        "nombre de la columna.",
    ),
    (
        r"(.+?): the attributes (.+?) and (.+?) have one name but for its case\. Rename a column\.",
        "{0}: los atributos {1} y {2} se llaman igual salvo por las mayúsculas. Cambie el nombre de una columna.",
    ),
    # What to do
    (r"Fix the export; if it is real: (.*)", "Corrija la exportación; si es real: {0}"),
    (r"Fix the export and deliver it again\.", "Corrija la exportación y entréguela de nuevo."),
    (
        r"Fix the export, or say in the source's file how its CSV is written, like (.*); then deliver it again\.",
        "Corrija la exportación, o diga en el archivo de la fuente cómo está escrito su CSV, como {0}; luego "
        "entréguela de nuevo.",
    ),
    (
        r"Fix the export, or map another column in (\S+)\.",
        "Corrija la exportación o asigne otra columna en {0}.",
    ),
    # Rules that rows broke, how often, and the value at fault
    (rf"({_FAULT}): (\d+); ({_FAULT}: \d+)", "{0}: {1}; {2}"),
    (rf"({_FAULT}): (\d+)", "{0}: {1}"),
    (r"((?:date|quantity|amount) .+?) \((.+)\)", "{0} ({1})"),
    (r"(.+) empty", "{0} sin valor"),
    (r"customer_id is missing", "falta el cliente"),
    (r"product_id is missing", "falta el producto"),
    (r"quantity is missing", "falta la cantidad"),
    (r"quantity is not a number", "la cantidad no es un número"),
    (r"quantity is 0", "la cantidad es 0"),
    (r"quantity is beyond (\S+)", "la cantidad pasa de {0}"),
    (r"amount is not a number", "el importe no es un número"),
    (r"amount is beyond (\S+)", "el importe pasa de {0}"),
    (r"date is missing or not understood", "la fecha falta o no se entiende"),
    (r"date is before (\S+)", "la fecha es anterior al {0}"),
    (r"date is later than the day after arrival", "la fecha es posterior al día siguiente de la llegada"),
    (r"customer_id is repeated with other attributes", "el cliente se repite con otros atributos"),
    (r"product_id is repeated with other attributes", "el producto se repite con otros atributos"),
    (r"(.+) is not a number", "{0} no es un número"),
    # Names of ours, and what a column may hold
    (r"the number of order lines a day", "el número de líneas de pedido al día"),
    (r"the median quantity of a product", "la cantidad mediana de un producto"),
    (r"the median amount of a product", "el importe mediano de un producto"),
    (r"transactions", "pedidos"),
    (s.CUSTOMER_ID, "cliente"),
    (s.PRODUCT_ID, "producto"),
    (r"order_id", "número de pedido"),
    (r"date", "fecha"),
    (r"quantity", "cantidad"),
    (r"amount", "importe"),
    (r"label", "nombre"),
    (r"owner", "responsable"),
    (r"an attribute", "un atributo"),
    (r"an id \(whole numbers or text\)", "un código (números enteros o texto)"),
    (r"a date or a timestamp", "una fecha o un momento"),
    (r"a quantity", "una cantidad"),
    (r"an amount of money", "un importe"),
    (r"a number", "un número"),
    (r"a date or time", "una fecha u hora"),
    (r"text or a code", "texto o un código"),
    (r"text", "texto"),
    (r"of type (.+)", "de tipo {0}"),
    (r"text, a CSV perhaps", "texto, quizá un CSV"),
    (r"something else", "otra cosa"),
    (r"binary, or text in another encoding", "binario, o texto en otra codificación"),
)
