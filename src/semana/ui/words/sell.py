"""What the views for who sells say."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "customers_how": (
        "Your customers, those first whose lists are worth most. Choose one to see what to offer, how sure it"
        " is, why, and what was bought already this week.",
        "Sus clientes, primero aquellos cuyas listas valen más. Elija uno para ver qué ofrecer, con qué "
        "certeza, por qué y qué compró ya esta semana.",
    ),
    "product_how": (
        "Choose a product to see how many customers are expected to buy it, and whom to call for it, the "
        "likeliest first.",
        "Elija un producto para ver cuántos clientes se espera que lo compren y a quién llamar, primero los "
        "más probables.",
    ),
    "calls_how": (
        "Say how many calls you can make: these are the customers whose lists are worth most. It does not say"
        " what a call changes. Note what came of each call.",
        "Indique cuántas llamadas puede hacer: estos son los clientes cuyas listas valen más. No dice qué "
        "cambia con una llamada. Anote el resultado de cada una.",
    ),
    "pair_how": (
        "Choose a customer and a product, on the list or not: the chance is explained reason by reason.",
        "Elija un cliente y un producto, estén en la lista o no: la probabilidad se explica motivo a motivo.",
    ),
    "newcomer_how": (
        "For a customer without a list: say what you know of them, add what they have bought so far, and "
        "score. Leave out what you do not know.",
        "Para un cliente sin lista: indique lo que sabe de él, añada lo que ha comprado y calcule. Deje en "
        "blanco lo que no sepa.",
    ),
    "search_customers": ("Search a customer", "Buscar un cliente"),
    "search_products": ("Search a product", "Buscar un producto"),
    "name_or_number": ("Name or number", "Nombre o número"),
    "owner": ("Owner", "Responsable"),
    "customer": ("Customer", "Cliente"),
    "product_one": ("Product", "Producto"),
    "listed": ("{n} to offer · {expected} purchases expected", "{n} para ofrecer · {expected} compras esperadas"),
    "worth": ("expected amount {amount}", "importe esperado {amount}"),
    "buyers": ("{n} buyers expected · recommended to {listed}", "{n} compradores esperados · recomendado a {listed}"),
    "bought_week": ("bought this week", "compró esta semana"),
    "bought_this_week": ("Bought this week", "Comprado esta semana"),
    "bought_already": ("bought {quantity}", "compró {quantity}"),
    "bought_so_far": ("Bought this week so far", "Comprado esta semana hasta ahora"),
    "bought_nothing": ("nothing yet", "nada todavía"),
    "no_customers": (
        "There are no customers in this list. It fills by itself with the next weekly run.",
        "No hay clientes en esta lista. Se llena sola con la próxima ejecución semanal.",
    ),
    "no_customer_found": (
        "Nobody has this name or number. Write less of it, or choose another owner.",
        "Nadie tiene este nombre o número. Escriba menos o elija otro responsable.",
    ),
    "no_products": (
        "There are no products in this list. It fills by itself with the next weekly run.",
        "No hay productos en esta lista. Se llena sola con la próxima ejecución semanal.",
    ),
    "no_product_found": (
        "No product has this name or number. Write less of it.",
        "Ningún producto tiene este nombre o número. Escriba menos.",
    ),
    "to_offer": ("{n} to offer this week", "{n} para ofrecer esta semana"),
    "held_out": (
        "An experiment keeps this customer's list unseen, so that its effect can be measured.",
        "Un experimento mantiene oculta la lista de este cliente para poder medir su efecto.",
    ),
    "nothing_to_offer": (
        "Nothing is likely enough to offer to this customer this week.",
        "Nada es lo bastante probable como para ofrecérselo a este cliente esta semana.",
    ),
    "likeliest_unlisted": (
        "Nothing is likely enough to be recommended; these are the likeliest products.",
        "Nada es lo bastante probable como para recomendarlo; estos son los productos más probables.",
    ),
    "last": ("last bought {day}", "última compra {day}"),
    "never": ("never bought", "nunca comprado"),
    "gap": ("usually every {days} days", "normalmente cada {days} días"),
    "about": ("usual quantity {quantity}", "cantidad habitual {quantity}"),
    "about_others": ("others usually take {quantity}", "otros suelen llevar {quantity}"),
    "kind_usual": ("Bought before, and it is about time.", "Ya lo compró y es el momento habitual."),
    "kind_overdue": ("Bought before, and later than usual this time.", "Ya lo compró y esta vez se retrasa."),
    "kind_new": ("Never bought by this customer.", "Este cliente nunca lo ha comprado."),
    "expected_buyers": ("Expected buyers", "Compradores esperados"),
    "of_customers": ("{share} of the customers", "{share} de los clientes"),
    "usual_quantity": ("Usual quantity", "Cantidad habitual"),
    "of_others": ("of other customers", "de otros clientes"),
    "expected_quantity": ("Expected quantity", "Cantidad esperada"),
    "expected_amount": ("Expected amount", "Importe esperado"),
    "listed_for": ("Recommended to", "Recomendado a"),
    "listed_for_says": ("customers", "clientes"),
    "customers_so_far": ("customers so far", "clientes hasta ahora"),
    "whom_to_call": ("Whom to call", "A quién llamar"),
    "nobody_to_call": ("It is recommended to nobody this week.", "Esta semana no se recomienda a nadie."),
    "more": ("Show more", "Mostrar más"),
    "capacity": ("Calls you can make (1 to 1,000)", "Llamadas que puede hacer (1 a 1.000)"),
    "export_csv": ("Save as CSV", "Guardar como CSV"),
    "export_excel": ("Save for Excel", "Guardar para Excel"),
    "export_list": ("Whole list (CSV)", "Lista completa (CSV)"),
    "export_list_excel": ("Whole list (Excel)", "Lista completa (Excel)"),
    "back_to_list": ("Back to the list", "Volver a la lista"),
    "file_product": ("product id", "id de producto"),
    "file_customer": ("customer id", "id de cliente"),
    "file_rank": ("rank", "lugar"),
    "file_chance": ("chance in %", "probabilidad en %"),
    "file_kind": ("kind", "tipo"),
    "file_usual": ("usual quantity", "cantidad habitual"),
    "file_quantity": ("expected quantity", "cantidad esperada"),
    "file_last": ("last bought", "última compra"),
    "file_long": (
        "The list has more rows than a workbook is made of here ({most}): save it as CSV.",
        "La lista tiene más filas de las que aquí se hace un libro ({most}): guárdela como CSV.",
    ),
    "file_why": ("why", "por qué"),
    "file_bought": ("bought this week", "comprado esta semana"),
    "file_id": ("Number", "Número"),
    "file_products": ("Products to offer", "Productos para ofrecer"),
    "file_purchases": ("Expected purchases", "Compras esperadas"),
    "no_calls": (
        "Nobody is worth a call this week, or this owner has no customers on the list.",
        "Esta semana nadie merece una llamada, o este responsable no tiene clientes en la lista.",
    ),
    "result": ("Result of the call", "Resultado de la llamada"),
    "result_ordered": ("Ordered", "Pidió"),
    "result_no": ("No", "No"),
    "result_not_reached": ("Not reached", "Sin contacto"),
    "told": ("told, waits to be taken", "enviado, a la espera"),
    "told_says": (
        "It is safe in the inbox; the next run or “semana watch” takes it.",
        "Está a salvo en la bandeja; la próxima ejecución o «semana watch» lo recoge.",
    ),
    "kept": ("kept", "guardado"),
    "results_read_only": (
        "Your key may only read. To note results, ask for one with scope write.",
        "Su clave solo puede leer. Para anotar resultados pida una con permiso write.",
    ),
    "choose_both": ("Choose a customer and a product.", "Elija un cliente y un producto."),
    "choose_customer": ("Now choose a customer.", "Ahora elija un cliente."),
    "choose_product": ("Now choose a product.", "Ahora elija un producto."),
    "chance": ("Chance", "Probabilidad"),
    "scored_batch": ("as on the list", "como en la lista"),
    "scored_live": ("scored now", "calculada ahora"),
    "recommended": ("Recommended", "Recomendado"),
    "excluded": ("exclude.csv names it", "lo excluye exclude.csv"),
    "begins_at": ("the list begins at {cut}", "la lista empieza en {cut}"),
    "place": ("Place with this customer", "Puesto con este cliente"),
    "kind_is": ("{kind}", "{kind}"),
    "last_bought": ("Last bought", "Última compra"),
    "why_head": ("What raises and lowers the chance", "Qué sube y qué baja la probabilidad"),
    "why_says": (
        "Each bar is what one fact adds to the score, or takes from it.",
        "Cada barra es lo que un hecho suma a la puntuación, o le resta.",
    ),
    "the_rest": ("everything else together", "todo lo demás junto"),
    "newcomer_about": ("What is known of them", "Qué se sabe del cliente"),
    "no_attributes": (
        "This shop describes its customers by their purchases alone.",
        "Esta tienda describe a sus clientes solo por sus compras.",
    ),
    "newcomer_bought": ("What they have bought so far", "Qué ha comprado hasta ahora"),
    "newcomer_add": (
        "Nothing added. Choose products in the list to add them.",
        "Nada añadido. Elija productos de la lista para añadirlos.",
    ),
    "date": ("Date", "Fecha"),
    "date_missing": ("Give every purchase a date, or remove it.", "Ponga fecha a cada compra o quítela."),
    "quantity": ("Quantity", "Cantidad"),
    "remove": ("Remove", "Quitar"),
    "no_number": ("{name}: “{text}” is no number.", "{name}: «{text}» no es un número."),
    "score": ("Score now", "Calcular ahora"),
    "score_head": ("What they may buy next week", "Qué puede comprar la próxima semana"),
    "ignored": (
        "{n} purchases are of the list's week or later and tell nothing of the past: they were left out.",
        "{n} compras son de la semana de la lista o posteriores y no dicen nada del pasado: se omitieron.",
    ),
    "nothing_scored": (
        "Nothing can be scored from this. Add a purchase.",
        "Con esto no se puede calcular nada. Añada una compra.",
    ),
}
