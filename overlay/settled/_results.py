"""What a settled job has produced, whatever its kind: each kind says by itself how its results are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ._core.job import Job
from ._core.snapshot import outcome_error

SECONDS = 60.0


def results_of(
    job: Job[Any], *, folder: Path | None = None, timeout: float | None = SECONDS, overwrite: bool = False
) -> Iterable[Any]:
    """What a settled job has produced: JSON values, and the paths of files that were written into the folder.

    `timeout` bounds each request for them, in seconds; None is no bound. With `overwrite`, files that are there already
    are replaced.

    Raises:
        ValueError: If the kind has no results, or they are files and there is no folder.
        OutcomeError: If the job has not settled.
        SettledError: If they cannot be read.
    """
    read = job.kind.results
    if read is None:
        raise ValueError(f"{job.kind} has no results besides what its status tells")
    snapshot = job.fetch()
    if not snapshot.is_settled:
        raise outcome_error(snapshot)
    return read(snapshot, folder, timeout, overwrite)
