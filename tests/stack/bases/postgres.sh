#!/bin/sh
# Makes the cluster and runs /docker-entrypoint-initdb.d/ where the volume is new; then it is Postgres.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    echo "$POSTGRES_PASSWORD" >/tmp/secret
    initdb --username="$POSTGRES_USER" --pwfile=/tmp/secret --auth-host=scram-sha-256 --auth-local=trust >/dev/null
    rm /tmp/secret
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start >/dev/null
    for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script"; done
    pg_ctl --wait --mode=fast stop >/dev/null
fi
exec postgres -c listen_addresses='*'
