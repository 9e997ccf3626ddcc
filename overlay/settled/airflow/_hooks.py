"""Hooks: the client of an Airflow connection, for tasks that use a vendor's API themselves."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from .._core.job import Client, Job
from .._refs import from_ref
from ._connections import recipe


class SettledHook(BaseHook):
    """The client of a connection of any of the types `settled_<vendor>`.

    `conn_id` names the connection. There is a hook for each type, too, which is this one under the type's name.
    """

    conn_name_attr = "conn_id"
    conn_type = "settled"
    hook_name = "Settled"

    def __init__(self, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    def get_conn(self) -> Client:
        """A client as the vendor's `connect` makes it, to be closed with `with client:`.

        Raises:
            ValueError: If the connection is of another type, or invalid.
        """
        return recipe(self.get_connection(self.conn_id)).make()

    def job(self, ref: str) -> Job[Any]:
        """The job that a `Job.ref` names, reached through a new client.

        Raises:
            ValueError: If the text is not a ref of a known kind, or the connection is invalid.
            TypeError: If the connection is another vendor's.
        """
        return from_ref(ref, self.get_conn())


class CortexXsiamHook(SettledHook):
    """The client of a connection of the type `settled_cortex_xsiam`."""

    conn_type = "settled_cortex_xsiam"
    hook_name = "Settled: Cortex XSIAM"


class CortexXdrHook(SettledHook):
    """The client of a connection of the type `settled_cortex_xdr`."""

    conn_type = "settled_cortex_xdr"
    hook_name = "Settled: Cortex XDR"


class AgilesecHook(SettledHook):
    """The client of a connection of the type `settled_agilesec`."""

    conn_type = "settled_agilesec"
    hook_name = "Settled: AgileSec"


class OsapiHook(SettledHook):
    """The client of a connection of the type `settled_osapi`."""

    conn_type = "settled_osapi"
    hook_name = "Settled: OSAPI"
