"""The operator and the sensor: tasks that are deferred until a job has settled."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from .._core.options import PATIENCE_SECONDS, Unknown
from .._core.outcome import Outcome
from .._core.schedule import Timing
from .._results import results_of
from ..errors import SettledError
from ._hooks import SettledHook
from ._trigger import KEY, SettledTrigger
from ._values import portable

# The outcomes that fail a task by default.
FAIL_ON = frozenset({Outcome.PARTIAL, Outcome.FAILED, Outcome.CANCELLED, Outcome.TIMED_OUT})

# The XCom for results, and the most that it may hold: XComs live in Airflow's database.
RESULTS = "results"
MOST_RESULTS = 10_000


class WaitForJobOperator(BaseOperator):
    """Waits, deferred, until a job has settled.

    `ref` is the job's `Job.ref` and `conn_id` an Airflow connection of the vendor's type (both templated). `timeout` is
    in seconds, or a timedelta, or an explicit None for no deadline. `schedule` is a `Schedule`, a `Learned` or None;
    `unknown` and `patience` are those of `settled.wait`.

    How the job ends decides the task's state:

    - an outcome in `fail_on` (default: PARTIAL, FAILED, CANCELLED, TIMED_OUT) fails the task, without retries: the job
      would still have ended so;
    - SKIPPED, unless it is in `fail_on`, skips the task;
    - any other outcome is success;
    - if the job cannot be followed (the deadline passes, the API refuses) the task fails, and Airflow's `retries` begin
      the wait anew, with a new deadline.

    The last snapshot is the task's XCom `return_value`, also if the task fails. Its keys are those that the payload of
    `SettledTrigger` has.

    With `results=True` the XCom `results` is a list of what the job has produced: rows of a query, results of a script.
    They are read when it has settled, 10,000 at most. Files need a folder that workers share,
    `results="/shared/folder"` (templated); the list has their paths. Results of a job that succeeded, wholly or in
    part, belong to the task: if they cannot be read it fails, and is retried. Those of another job are left out then.

    Raises:
        ValueError: If an argument is out of its range.
    """

    template_fields = ("ref", "conn_id", "results")

    def __init__(
        self,
        *,
        ref: str,
        conn_id: str,
        timeout: float | timedelta | None,
        schedule: Timing | None = None,
        fail_on: Collection[Outcome | str] = FAIL_ON,
        unknown: Unknown = "wait",
        patience: float = PATIENCE_SECONDS,
        results: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ref = ref
        self.conn_id = conn_id
        self.wait_timeout = timeout
        self.schedule = schedule
        self.fail_on = frozenset(map(Outcome, fail_on))
        self.unknown: Unknown = unknown
        self.patience = patience
        self.results = results

    def execute(self, context: Context) -> None:
        """Defer the task; a wrong ref, connection or argument fails it at once."""
        trigger = SettledTrigger(
            self.ref,
            self.conn_id,
            timeout=self.wait_timeout,
            schedule=self.schedule,
            unknown=self.unknown,
            patience=self.patience,
        )
        job = SettledHook(self.conn_id).job(self.ref)
        if self.results and job.kind.results is None:
            raise ValueError(f"{job.kind} has no results but the snapshot: leave out results")
        # Every triggerer that runs the task, the first included, looks for the wait in this XCom.
        context["ti"].xcom_push(KEY, trigger.wait(job).to_json())
        self.defer(trigger=trigger, method_name=self.execute_complete.__name__)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Receive the trigger's event, and end the task as the job has ended."""
        error, outcome = event["error"], event["outcome"]
        if error is not None:
            raise self._error(error["type"], error["message"])
        ended = f"{self.ref} ended {outcome} after {event['elapsed']} s and {event['polls']} polls"
        if event["detail"]:
            ended = f"{ended}: {event['detail']}"
        if self.results:
            self._push_results(context, is_needed=outcome in (Outcome.SUCCEEDED, Outcome.PARTIAL))
        if outcome not in self.fail_on and outcome != Outcome.SKIPPED:
            self.log.info("%s", ended)
            return event
        # A task that raises returns nothing, so Airflow would not store the snapshot.
        context["ti"].xcom_push("return_value", event)
        raise (AirflowFailException if outcome in self.fail_on else AirflowSkipException)(ended)

    def _push_results(self, context: Context, *, is_needed: bool) -> None:
        folder = Path(self.results) if isinstance(self.results, str) else None
        job = SettledHook(self.conn_id).job(self.ref)
        try:
            with job.client:
                # A retry finds the files of the attempt before.
                results = results_of(job, folder=folder, overwrite=True)
                found = list(itertools.islice(results, MOST_RESULTS + 1))
        except (OSError, SettledError, ValueError) as error:
            if is_needed:
                raise AirflowException(
                    f"could not read the results of {self.ref}: {type(error).__name__}: {error}"
                ) from error
            self.log.warning("could not read the results of %s: %s", self.ref, error)
            return
        if len(found) > MOST_RESULTS:
            raise AirflowFailException(f"{self.ref} has more than {MOST_RESULTS:,} results, too many for an XCom")
        values = [str(each) if isinstance(each, Path) else each for each in found]
        context["ti"].xcom_push(RESULTS, portable(values))

    def _error(self, kind: str, message: str) -> AirflowException:
        return AirflowException(f"{kind}: {message}")


class WaitForJobSensor(WaitForJobOperator, BaseSensorOperator):
    """Waits, deferred, until a job has settled, and is to Airflow a sensor: with `soft_fail` it is skipped, not failed.

    Arguments, the rule for the task's state and the XCom are those of `WaitForJobOperator`, except that a deadline that
    passes is an `AirflowSensorTimeout`, which Airflow does not retry. `mode`, `poke_interval` and the like mean nothing
    here: the sensor is always deferred, and `schedule` says when to poll.
    """

    def _error(self, kind: str, message: str) -> AirflowException:
        return AirflowSensorTimeout(message) if kind == "WaitTimeout" else super()._error(kind, message)
