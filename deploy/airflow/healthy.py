"""Whether one of Airflow's processes is well: which one says its command. Asked from inside of its container.

The API server is asked over HTTP, the others by the heartbeat that they leave in the database, a Celery worker by
a ping.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
LATE = 60  # seconds since the last heartbeat
QUERY = """
SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job WHERE job_type = %s AND hostname = %s
"""


def serving() -> bool:
    """Whether the API server answers, and reaches its database."""
    with urlopen("http://127.0.0.1:8080/api/v2/monitor/health", timeout=8) as answer:
        return bool(json.load(answer)["metadatabase"]["status"] == "healthy")


def beating(job: str) -> bool:
    """Whether the job of this container left a sign of life not long ago."""
    import psycopg2

    place = urlsplit(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", ""))
    with psycopg2.connect(place.geturl(), connect_timeout=5) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY, (job, socket.gethostname()))
        found = cursor.fetchone()[0]
    return found is not None and found < LATE


def answering() -> bool:
    """Whether the Celery worker of this container answers."""
    from celery import Celery

    mine = f"celery@{socket.gethostname()}"
    with Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"]) as app:
        return bool(app.control.inspect(destination=[mine], timeout=5).ping())


def main() -> int:
    """0 where it is well."""
    words = Path("/proc/1/cmdline").read_bytes().decode().split("\0") + sys.argv[1:]
    if "api-server" in words:
        return not serving()
    if "worker" in words:
        return not answering()
    return not beating(next(job for name, job in JOBS.items() if name in words))


if __name__ == "__main__":
    sys.exit(main())
