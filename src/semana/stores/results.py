"""What was told of calls: one small file a call, by the week of the list; the last word counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semana.data import schemas as s
from semana.data.weeks import Week
from semana.stores import files


class Results:
    """The results under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, week: Week, result: Mapping[str, Any]) -> None:
        """Keeps the result of calling a customer, in place of an older one of the week."""
        files.replace_json(self.folder / f"week={week}" / _name(str(result[s.CUSTOMER_ID])), result)

    def forget(self, customer: str) -> int:
        """Removes what was told of calling the customer (id as text); returns in how many weeks."""
        found = list(self.folder.glob(f"week=*/{_name(customer)}"))
        for path in found:
            path.unlink()
        return len(found)

    def of(self, week: Week) -> dict[str, str]:
        """The results of the week, by the customer's id as text."""
        found = (json.loads(path.read_bytes()) for path in sorted((self.folder / f"week={week}").glob("*.json")))
        return {str(each[s.CUSTOMER_ID]): str(each["result"]) for each in found}


def _name(customer: str) -> str:
    return f"{hashlib.sha256(customer.encode()).hexdigest()[:32]}.json"
