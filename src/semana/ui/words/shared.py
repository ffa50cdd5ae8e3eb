"""What every page says: the frame, signing in, and what is told when the API refuses something."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "title": ("semana · what customers buy next week", "semana · qué comprarán los clientes la próxima semana"),
    "sell": ("Sell", "Vender"),
    "system": ("System", "Sistema"),
    "customers": ("My customers", "Mis clientes"),
    "product": ("Product", "Producto"),
    "calls": ("Call list", "Llamadas"),
    "pair": ("Why", "Por qué"),
    "newcomer": ("Newcomer", "Cliente nuevo"),
    "model": ("Model", "Modelo"),
    "drift": ("Drift", "Cambios"),
    "performance": ("Results", "Resultados"),
    "pipeline": ("Runs", "Ejecuciones"),
    "list_of": ("List of {week}: {days}", "Lista de {week}: {days}"),
    "list_model": ("model {version}", "modelo {version}"),
    "list_over": ("this week is over", "esta semana ya pasó"),
    "stands_old": ("a newer list was refused", "se rechazó una lista más nueva"),
    "stands_newest": ("the newest, but needs a look: see Model", "la más nueva, pero hay que revisar: vea Modelo"),
    "stands_unknown": ("may not be the newest", "puede no ser la más nueva"),
    "no_list": (
        "No list is published yet. It appears here by itself after the first weekly run.",
        "Aún no hay lista publicada. Aparece aquí sola tras la primera ejecución semanal.",
    ),
    "other_language": ("Español", "English"),
    "logout": ("Log out", "Salir"),
    "next": ("Next", "Siguiente"),
    "back": ("Back", "Anterior"),
    "shown": ("{first}–{last} of {total}", "{first}–{last} de {total}"),
    "again": ("Try again", "Intentar de nuevo"),
    "everyone": ("Everyone", "Todos"),
    "yes": ("yes", "sí"),
    "no": ("no", "no"),
    "unknown": ("unknown", "desconocido"),
    "login_head": ("Log in", "Entrar"),
    "login_says": (
        "This page opens with an API key. Whoever runs semana makes one with <code>semana keys create NAME</code>; "
        "it begins with <code>semana_</code>.",
        "Esta página se abre con una clave de la API. Quien administra semana la crea con "
        "<code>semana keys create NOMBRE</code>; empieza por <code>semana_</code>.",
    ),
    "login_key": ("API key", "Clave de la API"),
    "login_button": ("Log in", "Entrar"),
    "login_wrong": (
        "This key is not valid, or not any more. Check that all of it was copied, or ask for a new one.",
        "Esta clave no es válida, o ya no lo es. Revise que esté copiada entera o pida una nueva.",
    ),
    "login_missing": ("Write your key first.", "Escriba primero su clave."),
    "login_open": (
        "These pages can be reached from other machines, but the API behind them has no keys yet, so nobody gets in. "
        "Make one on its machine: semana keys create NAME --scope read",
        "A estas páginas se llega desde otras máquinas, pero su API aún no tiene claves, así que nadie entra. "
        "Cree una en su máquina: semana keys create NOMBRE --scope read",
    ),
    "api_away": (
        "The API does not answer. Your list is safe; try again in a moment. If it stays like this, tell whoever runs "
        "semana: “semana serve api” may have stopped.",
        "La API no responde. La lista está a salvo; intente de nuevo en un momento. Si sigue así, avise a quien "
        "administra semana: puede que «semana serve api» se haya detenido.",
    ),
    "api_slow": (
        "The API took too long. Try again: the first question after a new list takes longest.",
        "La API tardó demasiado. Intente de nuevo: la primera pregunta tras una lista nueva es la más lenta.",
    ),
    "api_busy": ("Not now: {detail}. Try again in a moment.", "Ahora no: {detail}. Intente de nuevo en un momento."),
    "api_says": ("The API says: {detail}", "La API dice: {detail}"),
    "api_bug": (
        "Something went wrong in the API. Tell whoever runs semana this number: {request}.",
        "Algo falló en la API. Dé este número a quien administra semana: {request}.",
    ),
    "key_refused": (
        "Your key is not valid any more. Log in again, or ask for a new key.",
        "Su clave ya no es válida. Entre de nuevo o pida otra clave.",
    ),
    "key_short": (
        "Your key does not reach that far ({detail}). Ask for a key with that scope.",
        "Su clave no alcanza para esto ({detail}). Pida una clave con ese permiso.",
    ),
    "bug": (
        "Something went wrong on this page. Reload it; if it happens again, tell whoever runs semana.",
        "Algo falló en esta página. Vuelva a cargarla; si se repite, avise a quien administra semana.",
    ),
}
