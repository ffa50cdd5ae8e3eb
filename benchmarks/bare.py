"""The limit that serving is measured by: a FastAPI route that returns the bytes in the file named by its argument."""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response

app = FastAPI()
body = Path(sys.argv[1]).read_bytes()


@app.get("/{path:path}")
async def bare() -> Response:
    return Response(body, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), log_config=None, access_log=False)
