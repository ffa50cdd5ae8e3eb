"""What the view of runs says."""

from __future__ import annotations

from collections.abc import Mapping

from semana.reports.phrases import Words

TEXTS: Mapping[str, Words] = {
    "runs_how": (
        "What every weekly run took, step by step. A step that took three times its median and more is marked. Choose "
        "a run to see it along the time.",
        "Qué tomó cada ejecución semanal, paso a paso. Se marca el paso que tardó tres veces su mediana o más. Elija "
        "una para verla en el tiempo.",
    ),
    "runs_none": ("Nothing has run yet: semana run", "Aún no se ha ejecutado nada: semana run"),
    "runs_all": ("Runs", "Ejecuciones"),
    "runs_retrained": ("retrained", "reentrenó"),
    "runs_failed": ("failed", "falló"),
    "runs_slow": ("slow", "lenta"),
    "runs_part": ("in part", "en parte"),
    "runs_wall": ("time", "tiempo"),
    "runs_cpu": ("CPU", "CPU"),
    "runs_memory": ("peak memory", "memoria máxima"),
    "runs_home": ("disk of the home", "disco de los datos"),
    "runs_free": ("{size} free", "{size} libres"),
    "runs_gantt": ("Step by step", "Paso a paso"),
    "runs_gantt_says": ("{n} steps along the time.", "{n} pasos en el tiempo."),
    "runs_fine": ("No step failed or took unusually long.", "Ningún paso falló ni tardó más de lo normal."),
    "runs_step_failed": ("{step} failed: {error}", "{step} falló: {error}"),
    "runs_step_slow": ("{step} took {times} × its median", "{step} tardó {times} × su mediana"),
    "runs_scheduled": ("As the scheduler saw it", "Como lo vio el planificador"),
    "runs_scheduled_says": (
        "{dag}: {state}. Waiting, running, and within it the step itself.",
        "{dag}: {state}. En espera, en marcha y, dentro, el propio paso.",
    ),
    "scheduled_success": ("done", "hecho"),
    "scheduled_failed": ("failed", "falló"),
    "scheduled_running": ("running", "en marcha"),
    "runs_queued": ("waiting", "en espera"),
    "runs_running": ("running", "en marcha"),
    "runs_step": ("the step itself", "el propio paso"),
    "runs_attempt": ("try {n}", "intento {n}"),
    "runs_never": ("Never ran: {names}", "No se ejecutaron: {names}"),
    "runs_steps": ("What each step took", "Qué tomó cada paso"),
    "runs_datasets": ("Datasets", "Datos"),
    "runs_datasets_says": (
        "Rows, columns and bytes of whatever a step read or wrote.",
        "Filas, columnas y bytes de lo que leyó o escribió cada paso.",
    ),
    "runs_read": ("read", "leyó"),
    "runs_written": ("written", "escribió"),
    "runs_rows": ("rows", "filas"),
    "runs_columns": ("columns", "columnas"),
    "runs_size": ("size", "tamaño"),
    "runs_refused": (
        "The challenger was refused: {why}",
        "El aspirante fue rechazado: {why}",
    ),
    "runs_no_steps": ("Of this run no step is recorded.", "De esta ejecución no consta ningún paso."),
    "runs_trends": ("Over the runs", "A lo largo de las ejecuciones"),
    "runs_trends_says": (
        "The last {n} runs, oldest first. ▲ marks three times the median and more.",
        "Las últimas {n} ejecuciones, de antigua a nueva. ▲ marca tres veces la mediana o más.",
    ),
    "runs_one": (
        "Trends need two runs at least; so far there is one.",
        "Las tendencias necesitan dos ejecuciones; por ahora hay una.",
    ),
    "trend_wall": ("Time of steps", "Tiempo de los pasos"),
    "trend_memory": ("Memory of steps", "Memoria de los pasos"),
    "trend_cpu": ("CPU of steps", "CPU de los pasos"),
    "trend_rows": ("Rows of datasets", "Filas de los datos"),
    "trend_bytes": ("Bytes of datasets", "Bytes de los datos"),
    "trend_home": ("Disk of the home", "Disco de los datos"),
    "trend_says": ("{what} of {name} in {n} runs", "{what} de {name} en {n} ejecuciones"),
}
