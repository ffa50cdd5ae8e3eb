#!/bin/sh
# Prometheus reads the API's key from a file alone: it lies in memory.
set -eu
umask 077
printf %s "$SEMANA_KEY_METRICS" >/tmp/key
unset SEMANA_KEY_METRICS
exec /bin/prometheus --config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/prometheus \
    --storage.tsdb.retention.time=400d --web.listen-address=0.0.0.0:9090
