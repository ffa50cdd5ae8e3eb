#!/bin/sh
# What must be there before Airflow, the API and the watch begin: tables, the drop folder, the first keys. Can be run again.
set -eu
if [ -e /lake/restoring ]; then
    echo "A restore was cut off. Remove what it left, for good: docker compose down --volumes. Then restore again." >&2
    exit 64
fi
mkdir -p "$SEMANA_HOME/drop" "$SEMANA_HOME/sources"
printf %s "$SEMANA_KEY_ADMIN" | "$SEMANA_BIN" keys keep admin --scope admin
printf %s "$SEMANA_KEY_AGENTS" | "$SEMANA_BIN" keys keep agents --scope write
printf %s "$SEMANA_KEY_METRICS" | "$SEMANA_BIN" keys keep metrics --scope metrics
exec airflow db migrate
