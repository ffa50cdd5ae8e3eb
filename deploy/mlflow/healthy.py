"""Whether MLflow answers whoever has logged in: a search in its database, by the name that clients call it by."""

import base64
import json
import os
import sys
from urllib.request import Request, urlopen

ADDRESS = "http://127.0.0.1:5000/api/2.0/mlflow/experiments/search"

user = f"{os.environ['MLFLOW_AUTH_ADMIN_USERNAME']}:{os.environ['MLFLOW_AUTH_ADMIN_PASSWORD']}"
heads = {
    "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
    "Content-Type": "application/json",
    "Host": "mlflow:5000",
}
with urlopen(Request(ADDRESS, b'{"max_results": 1}', heads), timeout=8) as answer:
    sys.exit("experiments" not in json.load(answer))
