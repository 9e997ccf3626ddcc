"""The trigger: one wait in the triggerer's event loop.

A triggerer may be killed at any time, so the trigger stores its wait in an XCom, and the next triggerer resumes it.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.triggers.base import BaseTrigger, TriggerEvent

from .._core.job import Job
from .._core.options import PATIENCE_SECONDS, Unknown, WaitOptions, seconds
from .._core.schedule import Timing
from .._core.snapshot import Snapshot
from .._core.timing_json import timing_from_json, timing_to_json
from .._refs import from_ref
from .._run import clock as _clock
from ..errors import SettledError
from ..machine import Sleep, Wait, advance_async, begin
from ._connections import recipe
from ._shared_clients import shared_client
from ._values import portable

# The XCom that holds the wait of a deferred task, for the next triggerer.
KEY = "settled_wait"
# The wait is stored again after this many times the polls: a number of writes logarithmic in the polls.
_GROWTH = 1.5


class SettledTrigger(BaseTrigger):
    """Waits until a job has settled, and fires once, with its last snapshot as JSON.

    `ref` is the job's `Job.ref`, `conn_id` an Airflow connection of the vendor's type. `timeout` is in seconds, or a
    timedelta, or an explicit None, and counts from `started` (seconds since 1970; default now). `schedule` is a
    `Schedule`, a `Learned` or None, or one of them as JSON; `unknown` and `patience` are those of `settled.wait`.
    `state` is a wait's `to_json`, to go on from.

    The event's payload has the keys ref, status, outcome, settled, progress, parts, detail, polls, elapsed, raw and
    error, which says why a job could not be followed (`type`, `message`), and is None if it settled. `raw` has no rows
    of a query.

    Raises:
        ValueError: If an argument is out of its range, or the schedule is a function.
    """

    def __init__(
        self,
        ref: str,
        conn_id: str,
        *,
        timeout: float | timedelta | None,
        schedule: Timing | Mapping[str, Any] | None = None,
        unknown: Unknown = "wait",
        patience: float = PATIENCE_SECONDS,
        started: float | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call,unused-ignore]
        self.ref = ref
        self.conn_id = conn_id
        self.timeout = None if (limit := seconds(timeout)) == math.inf else limit
        self.schedule = timing_from_json(schedule if isinstance(schedule, Mapping) else timing_to_json(schedule))
        self.unknown: Unknown = unknown
        self.patience = patience
        self.started = time.time() if started is None else started
        self._state = state
        self._wait: Wait[Any] | None = None
        self._kept_polls = 0
        self._status: str | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what recreates the trigger elsewhere: no secret, and the present state of the wait."""
        return "settled.airflow.SettledTrigger", {
            "ref": self.ref,
            "conn_id": self.conn_id,
            "timeout": self.timeout,
            "schedule": timing_to_json(self.schedule),
            "unknown": self.unknown,
            "patience": self.patience,
            "started": self.started,
            "state": self._state if self._wait is None else self._wait.to_json(),
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield the event.

        Raises:
            ValueError: If the ref or the connection is invalid. TypeError: If the connection is another vendor's.
        """
        end = await self._end()
        raw = end.job.kind.without_results(end.raw)
        yield TriggerEvent(portable({**end.to_dict(), "raw": raw}))  # type: ignore[no-untyped-call,unused-ignore]

    async def _end(self) -> Snapshot[Any]:
        connection = await BaseHook.aget_connection(self.conn_id)
        async with shared_client(recipe(connection)) as client:
            job = from_ref(self.ref, client)
            with self.wait(job, await self._stored()) as self._wait:
                try:
                    while isinstance(step := await advance_async(self._wait), Sleep):
                        await self._store(self._wait)
                        await _clock.clock.sleep_async(step.seconds)
                except SettledError as error:
                    return self._wait.ended_by(error, _clock.clock.now())
        return step

    def wait(self, job: Job[Any], state: Mapping[str, Any] | None = None) -> Wait[Any]:
        """The wait for the trigger's job, from its beginning or from a state of it."""
        if state is not None:
            return Wait.from_json(state, job, on_poll=self._log_poll)
        options: WaitOptions[Any] = {
            "schedule": self.schedule,
            "on_poll": self._log_poll,
            "unknown": self.unknown,
            "patience": self.patience,
        }
        return begin(job, timeout=self.timeout, started=self.started, **options)

    def _log_poll(self, snapshot: Snapshot[Any]) -> None:
        # The logger `settled` logs changes; this logs only the polls in between.
        if self._wait is not None and self._wait.status == self._status and not snapshot.is_settled:
            progress = f" ({snapshot.progress.done}/{snapshot.progress.total} settled)" if snapshot.progress else ""
            values = (self.ref, self._wait.polls, snapshot.elapsed, self._status, progress)
            self.log.info("%s, poll %d, %.1f s: still %s%s", *values)
        self._status = None if self._wait is None else self._wait.status

    async def _stored(self) -> Mapping[str, Any] | None:
        """The wait as another triggerer has stored it, or as it was serialised."""
        if self.task_instance is None:
            return self._state
        # Not through a custom XCom backend: it might block the event loop, and the value is small.
        kept: Mapping[str, Any] | None = await BaseXCom.aget_value(ti_key=self.task_instance, key=KEY)
        return kept or self._state

    async def _store(self, wait: Wait[Any]) -> None:
        """Store the wait where another triggerer finds it, should this one be killed."""
        if self.task_instance is None or wait.polls < self._kept_polls * _GROWTH:
            return
        self._kept_polls = wait.polls
        instance = self.task_instance
        place = {name: getattr(instance, name) for name in ("dag_id", "task_id", "run_id", "map_index")}
        try:
            await BaseXCom.aset(KEY, wait.to_json(), **place)
        except AirflowRuntimeError as error:
            self.log.warning("%s: the wait could not be stored for another triggerer: %s", self.ref, error)
