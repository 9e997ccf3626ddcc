"""Isolate endpoints, and say of each one that is not isolated why.

python isolate.py ENDPOINT_ID...
"""

from __future__ import annotations

import sys

import settled
from settled import Outcome, cortex_xdr
from settled.errors import WaitTimeout


def isolate(client: cortex_xdr.AuthenticatedClient, endpoint_ids: list[str]) -> dict[str, str]:
    """Isolate endpoints, and return what went wrong, by endpoint; nothing if all are isolated."""
    job = cortex_xdr.isolate(client, endpoint_ids)
    print(f"resume with: settled wait {job.ref} --timeout 15m", file=sys.stderr)
    try:
        end = settled.wait(job, timeout=900)
    except WaitTimeout as error:
        if error.last is None:
            raise
        end = error.last  # offline endpoints stay PENDING; the others are done
    failures: dict[str, str] = {}
    for endpoint in endpoint_ids:
        part = end.parts.get(endpoint)
        if part is None:
            failures[endpoint] = "the tenant says nothing about it"
        elif part.outcome is not Outcome.SUCCEEDED:
            failures[endpoint] = part.detail or (f"still {part.status}" if part.outcome is None else f"{part.status}")
    return failures


def main(endpoint_ids: list[str]) -> int:
    """Run the program; 0 if all endpoints are isolated."""
    with cortex_xdr.connect_from_env() as client:
        failures = isolate(client, endpoint_ids)
    for endpoint, reason in failures.items():
        print(f"{endpoint}: {reason}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
