#!/bin/sh
# The server, with log-in and proxied artifacts. Where its users are kept is told by a file alone, so that lies in memory.
set -eu
umask 077
cat >"$MLFLOW_AUTH_CONFIG_PATH" <<END
[mlflow]
default_permission = READ
database_uri = $MLFLOW_BACKEND_STORE_URI
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
END
exec mlflow server --app-name basic-auth --host 0.0.0.0 --port 5000 --workers 1 --artifacts-destination /artifacts
