"""Scan repositories, and survive kill -9: started again, it goes on where it was, and submits no scan twice.

python nightly.py JOURNAL REPOSITORY...
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import settled
from settled import Job, agilesec
from settled.errors import SettledError, SubmitUnclear
from settled_clients.agilesec.models import Scan


class Journal:
    """What has been done, a line for each step, safe on disk before the next one."""

    def __init__(self, path: Path) -> None:
        self.steps: dict[str, dict[str, str]] = {}
        if path.exists():
            text = path.read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]  # a line that was cut off tells of no step
            path.write_text(whole, encoding="utf-8")
            for line in whole.splitlines():
                step = json.loads(line)
                self.steps[step["repository"]] = step
        self._file = path.open("a", encoding="utf-8")

    def note(self, repository: str, **step: str) -> None:
        """Write a step down."""
        self.steps[repository] = {"repository": repository, **step}
        self._file.write(json.dumps(self.steps[repository]) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def scan_all(client: agilesec.AuthenticatedClient, journal: Journal, repositories: list[str]) -> None:
    """Scan the repositories that have not been scanned."""
    waiting: dict[Job[Scan], str] = {}
    for repository in repositories:
        step = journal.steps.get(repository, {})
        if "end" in step:
            continue
        if "ref" in step:
            job = settled.from_ref(step["ref"], client)
        elif step and "refused" not in step:  # killed, or without an answer, in the middle of the submit
            print(f"{repository}: look whether it is being scanned; if it is not, delete its line from the journal")
            continue
        else:
            journal.note(repository)
            try:
                job = agilesec.create_scan(
                    client,
                    sensor_type="GIT Sensor",
                    sensor_name=repository,
                    sensor_config={"url": f"https://git.example/{repository}"},
                )
            except SubmitUnclear as error:
                print(f"{repository}: {error}")
                continue
            except SettledError as error:  # surely there is no scan
                journal.note(repository, refused=str(error))
                print(f"{repository}: {error}")
                continue
            journal.note(repository, ref=job.ref)
        waiting[job] = repository
    with settled.as_settled(waiting, timeout=8 * 3600) as ends:
        for end in ends:
            if end.outcome is not None:
                journal.note(waiting[end.job], ref=end.job.ref, end=end.outcome)
            print(waiting[end.job], end.outcome or end.error)


def main(journal: str, *repositories: str) -> int:
    """Run the program; 0 if all repositories have been scanned."""
    kept = Journal(Path(journal))
    with agilesec.connect_from_env() as client:
        scan_all(client, kept, [*repositories])
    return 0 if all("end" in kept.steps.get(repository, {}) for repository in repositories) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
