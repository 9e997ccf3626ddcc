"""The commands: each parses its arguments, does its work under `_exit_on_errors`, and exits with a documented code.

The simulator, the demo and their packages are imported only by the commands that need them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import sys
import textwrap
import time
from collections.abc import Generator, Iterator, Sequence
from json import dumps as as_json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from .._core.job import Job
from .._results import results_of
from .._vendors import kinds, submit_named, submits, vendors
from .._version import __version__
from ..errors import OutcomeError, SettledError
from ._doctor import diagnose
from ._duration import Duration
from ._journal import API_PROBLEM, DEADLINE, SOME_FAILED, USAGE, Journal, Watcher
from ._process import BROKEN_PIPE, exit_code_of, interrupted_code, need_output, output_failure
from ._report import page
from ._settings import VARIABLE, BadSettings, Settings
from ._show import Board, Errors, JsonLines, Lines, counted, plain, result_line
from ._submit import SubmitHelp, arguments_in, submit_once, text_in

_FOR_EVER = Duration("none", None)
_A_MINUTE = Duration("60s", 60.0)

_HELP = """
Submit jobs to vendors' APIs, wait for them, and learn how they ended.

A REF names a job, as in cortex_xsiam.byos_import/6f1c2a52: `settled kinds` lists what may stand before the slash.
Without a REF, or with -, refs are read from standard input, one a line.
"""
_EPILOG = """
Addresses and credentials come from the environment (SETTLED_<VENDOR>_URL, _TOKEN, _KEY_ID, _KEY, _KEY_TYPE), or from
the TOML file that SETTLED_CONFIG names, with a table for each vendor; only you may have access to it.

Exit codes: 0 all succeeded, 1 some did not, 2 wrong usage or a full disk, 3 some did in part, 4 trouble with API or
credentials, 5 the API did not take the job, 6 the job may exist or not, 124 deadline passed, 130 interrupted (143 by
SIGTERM, 129 by SIGHUP), 141 nobody reads the output. If several apply: 130, 4, 124, 1, 3.
"""

app = typer.Typer(
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    # A traceback that shows local variables would show keys.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def _kinds_for(incomplete: str) -> list[str]:
    return [f"{kind}/" for kind in kinds() if f"{kind}/".startswith(incomplete)]


def _submits_for(incomplete: str) -> list[str]:
    return [name for name in submits() if name.startswith(incomplete)]


def _vendors_for(incomplete: str) -> list[str]:
    return [vendor for vendor in vendors() if vendor.startswith(incomplete)]


def _duration(text: str | Duration) -> Duration:
    if isinstance(text, Duration):  # the default
        return text
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _page(path: Path | None) -> Path | None:
    if path is not None and not path.resolve().parent.is_dir():
        raise typer.BadParameter(f"no such directory: {path.parent}")
    if path is not None:
        try:
            # Checked now, because the page is written only after the wait.
            with path.open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise typer.BadParameter(f"cannot be written: {path}: {error.strerror}") from None
    return path


Refs = Annotated[
    list[str] | None,
    typer.Argument(metavar="REF...", help="The jobs; - or none: standard input.", autocompletion=_kinds_for),
]
Timeout = Annotated[
    Duration,
    typer.Option(
        "--timeout", "-t", metavar="TIME", parser=_duration, show_default=False, help="90, 90s, 15m, 1h30m, 2d or none."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Report = Annotated[
    Path | None,
    typer.Option(metavar="FILE.html", dir_okay=False, callback=_page, help="Write a page that shows each job's life."),
]
Agents = Annotated[int | None, typer.Option(min=1, metavar="N", help="Wait for N agents of each osapi.job.")]


@app.callback(invoke_without_command=True)
def settled(*, version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Answer --version."""
    if version:
        typer.echo(f"settled {__version__}")
        raise typer.Exit


@app.command()
def wait(
    timeout: Timeout,
    refs: Refs = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
    report: Report = None,
    expected_agents: Agents = None,
) -> None:
    """Wait until all jobs have settled.

    On a terminal a table follows them; elsewhere each change is a line.
    """
    watcher = _watcher(json, quiet, table=True)
    _follow("wait", refs, watcher, timeout=timeout, report=report, agents=expected_agents)


@app.command()
def watch(
    refs: Refs = None,
    *,
    timeout: Timeout = _FOR_EVER,
    json: Json = False,
    quiet: Quiet = False,
    report: Report = None,
    expected_agents: Agents = None,
) -> None:
    """Print each change of jobs until all have settled.

    Each change of a job, an endpoint or an agent is a line, on a terminal as elsewhere.
    """
    need_output()
    watcher = _watcher(json, quiet)
    _follow("watch", refs, watcher, timeout=timeout, report=report, agents=expected_agents)


@app.command()
def status(refs: Refs = None, *, json: Json = False, quiet: Quiet = False, expected_agents: Agents = None) -> None:
    """Poll jobs once.

    The exit code is that of `wait`, and 0 also for a job that goes on.
    """
    with _exit_on_errors():
        need_output()
        journal = Journal(_jobs(refs, expected_agents), _watcher(json, quiet))
        journal.poll_once()
        raise typer.Exit(journal.exit_code)


@app.command(cls=SubmitHelp)
def submit(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="What to submit: `settled submit --help` lists all.", autocompletion=_submits_for
        ),
    ],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Its arguments, a JSON object; - is standard input.")
    ] = "-",
    *,
    json: Json = False,
) -> None:
    """Submit a job, and print its ref.

    It is sent once. Exit code 5 says that the API did not take the job, 6 that it may exist all the same: look before
    you submit it again.
    """
    with _exit_on_errors():
        need_output()
        try:
            function = submit_named(kind)
        except ValueError as error:
            raise typer.BadParameter(plain(error)) from None
        arguments = arguments_in(file, function)
        with Settings.read().connect(kind.partition(".")[0]) as client:
            raise typer.Exit(submit_once(function, client, arguments, as_json=json))


@app.command()
def results(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A job that has settled.", autocompletion=_kinds_for)],
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", file_okay=False, help="Where its files go; it is made if need be.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")] = False,
    timeout: Annotated[
        Duration, typer.Option(metavar="TIME", parser=_duration, help="How long each request may take.")
    ] = _A_MINUTE,
    json: Json = False,
) -> None:
    """Print what a settled job has produced.

    Rows and results are JSON, an object a line; a file is printed as its path. The exit code is 0 if all could be read,
    however the job ended, and 124 if it has not ended yet.
    """
    with _exit_on_errors():
        need_output()
        jobs = _jobs([ref], None)
        if len(jobs) > 1:
            raise typer.BadParameter("give one REF: the results of several jobs would be mixed up")
        with jobs[0].client:
            try:
                for each in results_of(jobs[0], folder=to, timeout=timeout.seconds, overwrite=overwrite):
                    typer.echo(result_line(each, as_json=json))
            except OutcomeError as error:
                typer.echo(f"settled: {plain(error)}", err=True)
                raise typer.Exit(SOME_FAILED if error.snapshot.is_settled else DEADLINE) from None
            except FileExistsError as error:
                remedy = "give --to another folder, or --overwrite"
                raise typer.BadParameter(f"a file is in the way, {remedy}: {plain(error)}") from None
            except ValueError as error:
                raise typer.BadParameter(plain(error)) from None


@app.command("kinds")
def list_kinds(*, json: Json = False) -> None:
    """List the kinds of jobs, and their status words."""
    with _exit_on_errors():
        need_output()
        for kind in kinds():
            terminal = {member.value: member.outcome.value for member in kind.terminal}
            if json:
                typer.echo(as_json({"kind": kind.name, "running": sorted(kind.running), "terminal": terminal}))
                continue
            typer.echo(kind.name)
            ends = [f"{word} ({outcome})" for word, outcome in terminal.items()]
            for title, words in (("running", sorted(kind.running) or ["any other word"]), ("settled", ends)):
                text = textwrap.fill(", ".join(words), 80, initial_indent=f"  {title:9}", subsequent_indent=" " * 11)
                typer.echo(text)


@app.command()
def simulate(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- COMMAND", help="Run this, and serve until it ends.")
    ] = None,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")] = 0,
    speed: Annotated[float, typer.Option(min=0.001, help="How many times as fast as in `settled demo`.")] = 0.1,
) -> None:
    """Serve simulated vendors on 127.0.0.1.

    It prints the settings with which this command reaches them, and refs of jobs that end in various ways. A COMMAND
    behind -- gets both as environment variables, the refs as SETTLED_SIMULATED_REFS, one a line. Its exit code is this
    command's.
    """
    with _exit_on_errors():
        from ..demo import start_jobs
        from ..simulator import Simulator

        with Simulator(port=port, speed=speed, scan_slots=2) as vendors:
            jobs = start_jobs(vendors)
            # The submits have opened connections; the command that follows makes its own.
            for client in {job.client for job in jobs}:
                client.close()
            if command:
                # The file of settings names the real vendors, and takes precedence over the variables.
                environ = {name: value for name, value in os.environ.items() if name != VARIABLE} | vendors.environ
                environ["SETTLED_SIMULATED_REFS"] = "\n".join(job.ref for job in jobs)
                try:
                    raise typer.Exit(exit_code_of(command, environ))
                except OSError as error:
                    raise typer.BadParameter(f"{command[0]} cannot be run: {error.strerror}") from None
            for name, value in vendors.environ.items():
                typer.echo(f"export {name}={shlex.quote(value)}")
            typer.echo(_command("settled", "wait", "--timeout", "2m", refs=[job.ref for job in jobs]))
            typer.echo("Serving until interrupted.", err=True)
            while True:
                time.sleep(3600)


@app.command()
def demo() -> None:
    """Submit a few jobs to simulated vendors, and wait for them."""
    with _exit_on_errors():
        from ..demo import main

        main()


@app.command()
def doctor(
    vendors: Annotated[
        list[str] | None,
        typer.Argument(metavar="VENDOR...", help="Default: all that have settings.", autocompletion=_vendors_for),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Find out what is wrong with settings or connections.

    It checks credentials, addresses, clocks and versions, and says how to fix each problem. The exit code is 0, or 4
    if there is a problem.
    """
    with _exit_on_errors():
        code = 0
        for finding in diagnose(vendors or []):
            typer.echo(as_json(finding._asdict()) if json else finding.as_text())
            code = API_PROBLEM if finding.state == "problem" else code
        raise typer.Exit(code)


def _follow(
    verb: str, refs: list[str] | None, watcher: Watcher, *, timeout: Duration, report: Path | None, agents: int | None
) -> None:
    with _exit_on_errors():
        journal = Journal(_jobs(refs, agents), watcher)
        # Whatever ends the wait, the report and the command to resume are worth having.
        try:
            with watcher:
                asyncio.run(journal.follow(timeout.seconds))
            code = journal.exit_code
        except KeyboardInterrupt:
            code = interrupted_code()
        except BrokenPipeError:
            code = BROKEN_PIPE
        except OSError:
            if output_failure() is None:
                raise
            code = USAGE
        if report is not None:
            try:
                report.write_text(page(journal), encoding="utf-8")
            except OSError as error:
                typer.echo(f"settled: the report could not be written to {report}: {error.strerror}", err=True)
        if (lost := output_failure()) is not None:
            typer.echo(f"settled: standard output could not be written: {lost}", err=True)
        # A reader that leaves, such as `head`, has seen enough.
        if journal.unfinished and code != BROKEN_PIPE:
            typer.echo(f"not settled: {len(journal.unfinished)} of {counted(journal.histories)}; resume with", err=True)
            typer.echo(_command("settled", verb, "--timeout", timeout.text, refs=journal.unfinished), err=True)
        raise typer.Exit(code)


def _watcher(json: bool, quiet: bool, *, table: bool = False) -> Watcher:
    console = Console(highlight=False)
    if quiet or json:
        return Errors() if quiet else JsonLines()
    # FORCE_COLOR makes rich claim a terminal, but asks for colours only, not for a live table.
    is_screen = sys.stdout.isatty() and console.is_terminal and not console.is_dumb_terminal
    return (
        Board(console)
        if table and is_screen
        else Lines(colour=console.color_system is not None and not console.no_color)
    )


def _jobs(refs: list[str] | None, expected_agents: int | None) -> list[Job[Any]]:
    if not refs and sys.stdin.isatty():
        raise typer.BadParameter("give refs, or pipe them into standard input")
    listed = _listed(text_in("-")) if not refs or "-" in refs else ()
    found = [ref for ref in (*(refs or ()), *listed) if ref not in ("", "-")]
    if not found:
        raise typer.BadParameter("no refs were given")
    try:
        return Settings.read().jobs(found, expected_agents=expected_agents)
    # A ValueError, too, but one that ends with 4, not with 2.
    except BadSettings:
        raise
    except ValueError as error:
        raise typer.BadParameter(plain(error)) from None


def _listed(text: str) -> Iterator[str]:
    """The refs in a list, one a line, in which `#` begins a comment."""
    # Each of several files that were joined may begin with a byte order mark.
    for line in text.replace("\ufeff", "").splitlines():
        if ref := re.sub(r"(^|\s)#.*", "", line).strip():
            yield ref


def _command(*words: str, refs: Sequence[str]) -> str:
    return " \\\n  ".join([shlex.join(words), *map(shlex.quote, refs)])


@contextlib.contextmanager
def _exit_on_errors() -> Generator[None]:
    """Turn errors of settings, the API and the system into a message and the documented exit code."""
    try:
        yield
    except (BadSettings, SettledError) as error:
        typer.echo(f"settled: {plain(error)}", err=True)
        raise typer.Exit(API_PROBLEM) from None
    except BrokenPipeError:
        raise typer.Exit(BROKEN_PIPE) from None
    except (ModuleNotFoundError, OSError) as error:
        text = re.sub(r"^\[Errno \d+\] ", "", str(error))
        typer.echo(f"settled: {plain(text)}", err=True)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        raise typer.Exit(interrupted_code()) from None
