"""Whether the API serves: its own answer to /readyz. Before the first list it is well too, and says `starting`."""

import json
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

ADDRESS = "http://127.0.0.1:8000/readyz"

try:
    with urlopen(ADDRESS, timeout=8) as answer:
        told = json.load(answer)
except HTTPError as err:
    told = json.load(err)
sys.exit(told["status"] not in {"ready", "degraded", "starting"})
