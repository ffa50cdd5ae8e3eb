"""Whether the pages are drawn: the page to log in with, which asks the API. It is drawn while the API is away, too."""

import sys
from urllib.error import HTTPError
from urllib.request import urlopen

ADDRESS = "http://127.0.0.1:7860/login"

try:
    with urlopen(ADDRESS, timeout=8) as answer:
        page = answer.read()
except HTTPError as err:
    page = err.read()
sys.exit(b"<form" not in page)
