#!/bin/sh
# A database each for Airflow and MLflow, whose owners see nothing of each other's.
set -eu
database() {
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set name="$1" --set secret="$2" <<'END'
CREATE ROLE :"name" LOGIN PASSWORD :'secret';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
END
}
database airflow "$AIRFLOW_DB_PASSWORD"
database mlflow "$MLFLOW_DB_PASSWORD"
