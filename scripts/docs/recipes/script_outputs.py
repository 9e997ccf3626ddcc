"""Run Python code on many endpoints, and keep what each of them puts out: a text file for each, and the files it sends.

python script_outputs.py CODE_FILE FOLDER ENDPOINT_ID...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import settled
from settled import cortex_xdr
from settled.errors import SettledError, WaitTimeout


def run(client: cortex_xdr.AuthenticatedClient, code: str, endpoint_ids: Sequence[str], folder: Path) -> dict[str, str]:
    """Run code on endpoints, keep what comes of it, and return what went wrong, by endpoint."""
    job = cortex_xdr.run_snippet(client, code, endpoint_ids)
    print(f"resume with: settled wait {job.ref} --timeout 15m", file=sys.stderr)
    failures = dict.fromkeys(endpoint_ids, "it has not run the script")
    try:
        settled.wait(job, timeout=900)
    except WaitTimeout as error:
        print(error, file=sys.stderr)  # some endpoints are offline; the results of the others are there
    for result in cortex_xdr.script_results(job).results:
        endpoint = result.endpoint_id
        if endpoint not in failures:
            continue
        (folder / f"{endpoint}.txt").write_text(result.standard_output or "", encoding="utf-8")
        failures[endpoint] = str(result.execution_status)
        if failures[endpoint] == cortex_xdr.ScriptTerminal.COMPLETED_SUCCESSFULLY.value:
            del failures[endpoint]
        if result.retrieved_files not in (0, "0", None):
            try:
                cortex_xdr.download_script_files(job, endpoint, folder / endpoint)
            except SettledError as error:
                failures[endpoint] = str(error)
    return failures


def main(code_file: str, folder: str, *endpoint_ids: str) -> int:
    """Run the program; 0 if all endpoints have run the code."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with cortex_xdr.connect_from_env() as client:
        failures = run(client, Path(code_file).read_text(encoding="utf-8"), endpoint_ids, Path(folder))
    for endpoint, reason in failures.items():
        print(f"{endpoint}: {reason}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
