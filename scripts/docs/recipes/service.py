"""A service that starts scans of repositories, and waits for each by AgileSec's callback.

CALLBACK_ID=... CALLBACK_TOKEN=... uvicorn service:service

Register https://this-host/callbacks/scans on the platform, with that bearer token, to get the id.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import FastAPI, HTTPException

import settled
from settled import Job, agilesec
from settled.errors import SettledError
from settled_clients.agilesec.models import Scan

callbacks = agilesec.callback_app(auth=agilesec.BearerToken(os.environ["CALLBACK_TOKEN"]), path="/scans")
client = agilesec.connect_from_env()
scans: dict[str, asyncio.Task[dict[str, Any]]] = {}


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Close the client in the end, and leave no wait behind; the scans themselves go on."""
    async with client:
        yield
        for wait in scans.values():
            wait.cancel()


service = FastAPI(lifespan=lifespan)
service.mount("/callbacks", callbacks)


async def follow(job: Job[Scan]) -> dict[str, Any]:
    """Wait for a scan, which its callback ends early, and return how it ended."""
    try:
        end = await settled.aio.wait(job, timeout=4 * 3600, wake=callbacks.inbox)
    except SettledError as error:
        return {"ref": job.ref, "error": str(error)}
    return end.to_dict()


@service.post("/scans/{repository}", status_code=202)
async def start(repository: str) -> dict[str, str]:
    """Start a scan, and answer its id at once."""
    job = await agilesec.create_scan_async(
        client,
        sensor_type="GIT Sensor",
        sensor_name=repository,
        sensor_config={"url": f"https://git.example/{repository}"},
        callback_id=os.environ["CALLBACK_ID"],
    )
    scans[job.id] = asyncio.create_task(follow(job))
    return {"id": job.id}


@service.get("/scans/{scan_id}")
async def show(scan_id: str) -> dict[str, Any]:
    """Answer how a scan ended, or that it runs."""
    if scan_id not in scans:
        raise HTTPException(404, "no such scan")
    wait = scans[scan_id]
    return wait.result() if wait.done() else {"ref": f"agilesec.scan/{scan_id}", "outcome": None}
