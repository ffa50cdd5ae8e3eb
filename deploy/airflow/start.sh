#!/bin/sh
# One of Airflow's processes, or with `init` what must be there before all of them, or `semana` with its words.
set -eu
case "$1" in
init) exec /bin/sh /opt/airflow/init.sh ;;
semana) shift && exec "$SEMANA_BIN" "$@" ;;
esac
if [ -n "${AIRFLOW_PASSWORD:-}" ]; then # read from a file alone: it lies in memory
    (umask 077 && printf '{"admin": "%s"}\n' "$AIRFLOW_PASSWORD" >/tmp/passwords.json)
    unset AIRFLOW_PASSWORD
fi
exec airflow "$@"
