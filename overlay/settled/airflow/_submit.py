"""The operator that submits a job, once for each run of its DAG, however often it is tried."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.execution_time.context import NEVER_EXPIRE

from .._arguments import arguments as checked
from .._refs import parse_ref
from .._vendors import module_of, submit_named
from ..errors import SettledError, SubmitUnclear
from ._hooks import SettledHook

# A key of the task's state store, which survives retries; Airflow deletes a task's XComs before each try.
KEY = "settled_submit"
_WHAT_TO_DO = (
    f'look for it at the vendor, put its ref into the task\'s state store ({KEY}: {{"ref": "<kind>/<id>"}}) or '
    "delete the key, then clear the task"
)


class SubmitJobOperator(BaseOperator):
    """Submits a job, and returns its ref: `ref=SubmitJobOperator(...).output` hands it to a task that waits.

    `submit` names the function, as in `cortex_xdr.isolate`; `settled submit --help` lists all. `arguments` are what it
    takes besides its client, as JSON values, and `conn_id` is an Airflow connection of the vendor's type (all three
    templated).

    The job is submitted at most once in a run of the DAG, whatever becomes of the task. Before the request is sent the
    task's state store (key `settled_submit`) says so, and afterwards it has the ref:

    - a task that is tried again, or cleared, after the submit was answered returns the ref of the job there is;
    - a task that died between sending and keeping, or to which nobody answered what became of the submit, fails
      without retries: the job may exist. Look for it. Put `{"ref": "<kind>/<id>"}` into the state store if it is there,
      or delete the key if it is not, and clear the task;
    - if there certainly is no job, because the API refused or could not be reached, the task fails, and `retries`
      submit again.

    Nothing is kept beyond that: a job whose submit nobody has answered is not found by itself, another run of the DAG
    submits its own job, and so does a task whose state was deleted or that Airflow clears on success
    (`[state_store] clear_on_success`).

    Raises:
        ValueError: If there is no such submit.
    """

    template_fields = ("submit", "arguments", "conn_id")

    def __init__(self, *, submit: str, conn_id: str, arguments: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.submit = submit
        self.conn_id = conn_id
        self.arguments = {} if arguments is None else arguments

    def execute(self, context: Context) -> str:
        """Submit, unless an earlier try has, and return the job's ref.

        Raises:
            ValueError: If the submit, an argument or the connection is invalid. TypeError: If it is another
                vendor's connection.
            AirflowFailException: If the job may exist, but its ref is unknown. AirflowException: If there is no job.
        """
        state = context["task_state_store"]
        kept = state.get(KEY)
        if kept is not None:
            return self._kept(kept)
        function = submit_named(self.submit)
        arguments = checked(function, self.arguments)
        client = self._client()
        # Stored before the request: after a crash, an attempt without a ref means that a job may exist.
        state.set(KEY, {"ref": None, "since": datetime.now(UTC).isoformat(timespec="seconds")}, retention=NEVER_EXPIRE)
        try:
            with client:
                ref = function(client, **arguments).ref
                self._keep(state, ref)
        except SubmitUnclear as error:
            self.log.error("%s; candidates: %s", error, ", ".join(error.candidates) or "none")  # noqa: TRY400
            candidates = f", perhaps {', '.join(error.candidates[:2])}" if error.candidates else ""
            raise AirflowFailException(f"{self.submit}: the job may exist{candidates}; {_WHAT_TO_DO}") from error
        except (SettledError, TypeError, ValueError) as error:
            # Every other error of the library means that there certainly is no job.
            state.delete(KEY)
            if isinstance(error, SettledError):
                raise AirflowException(f"{type(error).__name__}: {error}") from error
            raise
        return ref

    def _keep(self, state: Any, ref: str) -> None:
        try:
            state.set(KEY, {"ref": ref}, retention=NEVER_EXPIRE)
        except Exception:  # whatever the store raises, the ref is known
            self.log.exception("%s was submitted, but its ref could not be stored for a retry", ref)

    def _kept(self, kept: Any) -> str:
        since = None
        with contextlib.suppress(LookupError, TypeError, ValueError):
            # A person may have put it there, in a form of their own: JSON as a text, or the bare ref.
            value = json.loads(kept) if isinstance(kept, str) and kept.lstrip().startswith("{") else kept
            fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {"ref": value}
            since = fields.get("since")
            kind, *_ = parse_ref(fields["ref"])
            if kind.name.partition(".")[0] == self.submit.partition(".")[0]:
                self.log.info("%s was submitted by an earlier try", fields["ref"])
                return str(fields["ref"])
        began = f"an earlier try began to submit at {since}" if since else f"the state store has no ref in {KEY}"
        raise AirflowFailException(f"{self.submit}: {began}, and may have created a job; {_WHAT_TO_DO}")

    def _client(self) -> Any:
        client: Any = SettledHook(self.conn_id).get_conn()
        vendor = self.submit.partition(".")[0]
        # A Job checks its client, too, but only after the submit.
        if not isinstance(client, module_of(vendor).AuthenticatedClient):
            raise TypeError(f"{self.submit} needs a connection of the type settled_{vendor}: {self.conn_id!r} is none")
        return client
