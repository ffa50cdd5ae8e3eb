#!/bin/sh
# What must be there before Airflow, the API and the watch begin: tables, the drop folder, the first keys. Can be run again.
set -eu
mkdir -p "$SEMANA_HOME/drop"
printf %s "$SEMANA_KEY_ADMIN" | "$SEMANA_BIN" keys keep admin --scope admin
printf %s "$SEMANA_KEY_AGENTS" | "$SEMANA_BIN" keys keep agents --scope write
printf %s "$SEMANA_KEY_METRICS" | "$SEMANA_BIN" keys keep metrics --scope read
exec airflow db migrate
