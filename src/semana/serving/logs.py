"""Log lines as JSON, one a line: nobody's ids and no keys are in them."""

from __future__ import annotations

import json
import logging
import sys


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        told = json.loads(said) if said.startswith("{") else {"says": said}
        return json.dumps({"at": self.formatTime(record), "level": record.levelname, **told}, ensure_ascii=False)


def log_as_json(level: str) -> None:
    """Makes every log line of this process JSON on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
