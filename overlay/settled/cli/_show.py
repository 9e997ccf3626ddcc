"""The command's output about jobs: lines, JSON Lines, a live table, or errors only.

Every text that comes from a vendor passes through `plain`, so that it cannot control the terminal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sized
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .._core.outcome import Outcome
from .._core.snapshot import Part, Snapshot, outcome_error
from ..errors import WaitTimeout
from ._journal import History, Journal, Watcher, label

COLOURS = {Outcome.SUCCEEDED: "green", Outcome.PARTIAL: "yellow", None: "cyan"}

_MOST_PARTS = 20
_SHORTEST_NAME = 24


def plain(text: object) -> str:
    """A text as one line without control characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(str(text).split()))


def counted(jobs: Sized) -> str:
    """How many jobs there are, in words."""
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}"


def result_line(value: Any, *, as_json: bool) -> str:
    """A result as a line: a value as JSON, a file as its path."""
    if isinstance(value, Path):
        return json.dumps({"file": str(value)}) if as_json else plain(value)
    return json.dumps(value)


def as_line(snapshot: Snapshot[Any], *, colour: bool = False) -> str:
    """A snapshot as a line of text, its outcome in colour if that is wanted."""
    if snapshot.error is not None:
        return f"{_when(snapshot)}  {plain(_problem(snapshot))}"
    progress = f" ({snapshot.progress.done}/{snapshot.progress.total} settled)" if snapshot.progress else ""
    outcome = f" -> {snapshot.outcome}" if snapshot.is_settled else ""
    detail = f": {snapshot.detail}" if snapshot.detail else ""
    line = f"{_when(snapshot)}  {snapshot.job.ref}  {plain(f'{label(snapshot)}{progress}{outcome}{detail}')}"
    return typer.style(line, fg=COLOURS.get(snapshot.outcome, "red")) if colour and snapshot.is_settled else line


def shortened(text: str, most: int) -> str:
    """Cut the middle out of a text longer than `most`: job ids differ at their ends."""
    if len(text) <= most:
        return text
    tail = max((most - 1) // 2, 0)
    return f"{text[: max(most - 1 - tail, 0)]}…{text[len(text) - tail :]}"


class _Shortened:
    """A name whose middle is cut out where a table is too wide for the screen."""

    def __init__(self, name: str, style: str = "") -> None:
        self._name = name
        self._style = style

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self._name), _SHORTEST_NAME), len(self._name))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(shortened(self._name, options.max_width), self._style, no_wrap=True, overflow="ellipsis")


class Errors(Watcher):
    """Prints only what went wrong, on standard error."""

    def ended(self, history: History) -> None:
        """Print a job that did not succeed."""
        if history.latest.outcome is not Outcome.SUCCEEDED:
            typer.echo(plain(_problem(history.latest)), err=True)


class JsonLines(Watcher):
    """A JSON object for each change and each end."""

    def changed(self, history: History) -> None:
        """Print a job's present state."""
        typer.echo(json.dumps(history.latest.to_dict()))

    def ended(self, history: History) -> None:
        """Print how a job ended."""
        self.changed(history)

    def warned(self, message: str) -> None:
        """Pass a warning on."""
        typer.echo(plain(message), err=True)


class Lines(JsonLines):
    """A line for each change and end of a job, and of its endpoints or agents, and for each failed poll."""

    def __init__(self, *, colour: bool = False) -> None:
        self._colour = colour

    def changed(self, history: History) -> None:
        """Print a job's present state."""
        typer.echo(as_line(history.latest, colour=self._colour), color=self._colour or None)
        for name, part in history.latest.parts.items():
            if history.before.parts.get(name) != part:
                typer.echo(f"{'':10}  {history.job.ref}  {plain(f'{name}: {_of_part(part)}')}")

    def ended(self, history: History) -> None:
        """Print how a job ended."""
        if history.latest.error is None:
            self.changed(history)
        else:
            typer.echo(as_line(history.latest))

    def failed(self, history: History) -> None:
        """Print why a poll failed."""
        failure = history.failures[-1]
        typer.echo(f"{failure.moment:8.1f} s  {history.job.ref}  {plain(failure.why)}")


class Board(Watcher):
    """A table of all jobs that follows them, for a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(self, console=console, refresh_per_second=4)
        self._journal: Journal | None = None
        self._warnings: dict[str, None] = {}

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def began(self, journal: Journal) -> None:
        """Take the jobs to show."""
        self._journal = journal

    def warned(self, message: str) -> None:
        """Keep a warning below the table."""
        self._warnings[plain(message)] = None

    def __rich__(self) -> Group:
        journal = self._journal
        histories = [] if journal is None else list(journal.histories.values())
        is_over = all(history.has_ended for history in histories)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("job", overflow="fold" if is_over else "ellipsis")
        for heading in ("status", "done", "polls", "s", "outcome"):
            table.add_column(heading, justify="right" if heading in ("done", "polls", "s") else "left", no_wrap=True)
        # A live table must fit the screen; running jobs are shown before those that have ended.
        room = self._console.height - 3 - len(self._warnings)
        notes: list[Text] = []
        for history in sorted(histories, key=lambda history: history.has_ended and not is_over):
            rows, note = self._rows(history, 0.0 if journal is None else journal.elapsed, is_over), _note(history)
            room -= len(rows) + (note is not None)
            if room < 0 and not is_over:
                break
            for row in rows:
                table.add_row(*row)
            if note is not None:
                notes.append(_dim(note, is_over))
        counts = Counter(
            str(history.latest.outcome or ("not settled" if history.has_ended else "running")) for history in histories
        )
        message = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        of_all = [
            _dim(f"{counted(histories)}: {message}", True),
            *(_dim(warning, is_over) for warning in self._warnings),
        ]
        return Group(table, *notes, *of_all)

    def _rows(self, history: History, now: float, is_over: bool) -> list[tuple[RenderableType, ...]]:
        snapshot = history.latest
        progress = f"{snapshot.progress.done}/{snapshot.progress.total}" if snapshot.progress else ""
        if snapshot.error is not None:
            outcome = Text(type(snapshot.error).__name__, style="red")
        else:
            outcome = Text(str(snapshot.outcome or "running"), style=COLOURS.get(snapshot.outcome, "red"))
        # The final table stays on the screen, so it shows refs in full, to be copied.
        name = Text if is_over else _Shortened
        seconds = f"{snapshot.elapsed if history.has_ended else now:.1f}"
        rows: list[tuple[RenderableType, ...]] = [
            (name(history.job.ref), Text(plain(snapshot.status or "")), progress, str(snapshot.polls), seconds, outcome)
        ]
        parts = sorted(snapshot.parts.items(), key=lambda named: named[1].outcome is not None)
        for part_name, part in parts[:_MOST_PARTS]:
            outcome = Text(part.outcome or "running", style=COLOURS.get(part.outcome, "red"))
            rows.append((name(f"  {plain(part_name)}", "dim"), Text(plain(part.status or "")), "", "", "", outcome))
        if len(parts) > _MOST_PARTS:
            rows.append((Text(f"  and {len(parts) - _MOST_PARTS} more", style="dim"),))
        return rows


def _note(history: History) -> str | None:
    snapshot = history.latest
    if snapshot.error is not None:
        return _problem(snapshot)
    if history.failures and not history.has_ended and history.failures[-1].moment > snapshot.elapsed:
        return f"{history.job.ref}: {history.failures[-1].why}"
    return f"{history.job.ref}: {snapshot.detail}" if snapshot.detail else None


def _dim(text: str, in_full: bool) -> Text:
    return Text(plain(text), style="dim", no_wrap=not in_full, overflow="fold" if in_full else "ellipsis")


def _when(snapshot: Snapshot[Any]) -> str:
    return f"{snapshot.elapsed:8.1f} s"


def _of_part(part: Part) -> str:
    return f"{part.status or 'none yet'}{f': {part.detail}' if part.detail else ''}"


def _problem(snapshot: Snapshot[Any]) -> str:
    error = snapshot.error
    if error is None:
        return str(outcome_error(snapshot))
    text = str(error) if snapshot.job.ref in str(error) else f"{snapshot.job.ref}: {error}"
    # Without the cause, a deadline hides that the API has been failing.
    is_cut_short = isinstance(error, WaitTimeout) and error.__cause__ is not None
    return f"{text}; the last poll failed: {error.__cause__}" if is_cut_short else text
