"""The command `settled submit`: list the submits, read arguments from a file, submit once, print the result.

A submit cannot be undone, so anything doubtful in the arguments is refused before anything is sent.
"""

from __future__ import annotations

import inspect
import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from .._arguments import arguments, example, parameters
from .._core.job import Client, Job
from .._vendors import submits
from ..errors import SettledError, SubmitFailed, SubmitUnclear
from ._journal import API_PROBLEM, NOT_TAKEN, UNCLEAR, log_to
from ._settings import decoded
from ._show import plain

Submit = Callable[..., Job[Any]]

_LOOK = "Look for the job at the vendor, and submit again only if it is not there."
_CHOOSE = "It may be one of the candidates: `settled status REF` shows each. Submit again only if none is yours."
_INTERRUPTED = "interrupted while submitting: the job may exist all the same, look before you submit again"


class SubmitHelp(TyperCommand):
    """The command's help, with a list of all submits, which is built only on request."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as its base has it
        """Write what can be submitted: each name, its arguments, and what it does."""
        formatter.write("\nWhat can be submitted (arguments in brackets are optional):\n")
        for name, submit in submits().items():
            formatter.write(f"\n  {name}\n")
            takes = ", ".join(map(str, parameters(submit))) or "no arguments: {}"
            deprecated = getattr(submit, "__deprecated__", None)
            for text in (takes, f"Deprecated: {deprecated}." if deprecated else _summary(submit)):
                formatter.write(textwrap.fill(text, 78, initial_indent=" " * 6, subsequent_indent=" " * 6) + "\n")


def _summary(submit: Submit) -> str:
    return " ".join((inspect.getdoc(submit) or "").partition("\n\n")[0].split())


def arguments_in(file: str, submit: Submit) -> dict[str, Any]:
    """The arguments in a file, or in standard input for -; BadParameter says what is wrong with them."""
    if file == "-" and sys.stdin.isatty():
        raise typer.BadParameter(f"give a FILE, or pipe the arguments into standard input, as {example(submit)}")
    where, text = _name_of(file), text_in(file)
    if not text.strip():
        raise typer.BadParameter(f"{where} is empty: it must hold the arguments as JSON, as {example(submit)}")
    try:
        return arguments(submit, json.loads(text, object_pairs_hook=_members))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise typer.BadParameter(f"{where} is not JSON: {error.msg} at {place}; it must be {example(submit)}") from None
    except RecursionError:
        raise typer.BadParameter(f"{where} is nested too deeply") from None
    except ValueError as error:
        raise typer.BadParameter(f"{where}: {plain(error)}") from None


def text_in(file: str) -> str:
    """The text in a file, or in standard input for -; BadParameter if it cannot be read."""
    try:
        if file != "-":
            return decoded(Path(file).read_bytes())
        buffer = getattr(sys.stdin, "buffer", None)
        return sys.stdin.read() if buffer is None else decoded(buffer.read())
    except OSError as error:
        raise typer.BadParameter(f"{_name_of(file)} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{_name_of(file)} is not UTF-8 text") from None


def _name_of(file: str) -> str:
    return "standard input" if file == "-" else plain(file)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        # json.loads would silently keep the last one, and a submit cannot be undone.
        raise ValueError("a name occurs twice in one object")
    return members


def submit_once(submit: Submit, client: Client, arguments: dict[str, Any], *, as_json: bool) -> int:
    """Submit, print the result, and return the exit code.

    Raises:
        BadParameter: If the function refuses an argument, and nothing was sent.
        OSError, KeyboardInterrupt: If the ref could not be printed, or not in time; then it is on standard error.
    """
    try:
        with log_to(lambda record: typer.echo(plain(record.getMessage()), err=True)):
            job = submit(client, **arguments)
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(plain(error)) from None
    except KeyboardInterrupt as error:
        # A note tells what is known of the job, if its id has come, or if it was looked up.
        notes = getattr(error, "__notes__", [])
        typer.echo(f"settled: interrupted: {plain(notes[0])}" if notes else f"settled: {_INTERRUPTED}", err=True)
        raise
    except SettledError as error:
        _print_error(error, as_json=as_json)
        if isinstance(error, SubmitFailed | SubmitUnclear):
            return NOT_TAKEN if isinstance(error, SubmitFailed) else UNCLEAR
        return API_PROBLEM
    try:
        typer.echo(json.dumps({"ref": job.ref, "error": None}) if as_json else job.ref)
    except (OSError, KeyboardInterrupt):
        # The ref is the only way back to the job, so it must appear somewhere.
        typer.echo(f"settled: the job exists, but its ref could not be printed: {job.ref}", err=True)
        raise
    return 0


def _print_error(error: SettledError, *, as_json: bool) -> None:
    fields: dict[str, Any] = {"ref": None, "error": {"type": type(error).__name__, "message": plain(error)}}
    advice: list[str] = []
    if isinstance(error, SubmitUnclear):
        fields |= {
            "candidates": [*error.candidates],
            "advice": _CHOOSE if error.candidates else _LOOK,
            "sent": error.sent,
        }
        advice = [*(f"  candidate  {plain(ref)}" for ref in error.candidates), fields["advice"]]
    if as_json:
        typer.echo(json.dumps(fields))
        return
    for line in (f"settled: {plain(error)}", *advice):
        typer.echo(line, err=True)
