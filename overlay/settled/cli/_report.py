"""An HTML page that shows each job's history as a band on a common time scale.

The page is one file, without scripts or external resources, so that it can be mailed and opened anywhere. What a vendor
has written is escaped, and a Content-Security-Policy forbids the rest.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

from .._core.job import JobKind
from .._version import __version__
from ._journal import History, Journal, Pause
from ._show import counted, plain

_MARKS = {"SUCCEEDED": "✔", "PARTIAL": "◐", "FAILED": "✘", "CANCELLED": "⊘", "TIMED_OUT": "⏱", "SKIPPED": "↷"}
_SHADES = 6
_MOST_LETTERS = 2000
_UNITS = (("d", 86_400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1))
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400)


class _Span(NamedTuple):
    begin: float
    end: float
    word: str


def page(journal: Journal) -> str:
    """The page, with all jobs on one time scale."""
    histories = list(journal.histories.values())
    scale = _Scale(max((history.seconds for history in histories), default=0.0) or 1.0)
    articles = "\n".join(
        _article(history, [pause for pause in journal.pauses if pause.client is history.job.client], scale)
        for history in histories
    )
    counts = Counter(_end(history)[0] for history in histories)
    summary = ", ".join(f"{count} {word}" for word, count in counts.items())
    when = datetime.now().astimezone().isoformat(" ", "minutes")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{counted(histories)}: {summary}</title>
<style>
{files("settled.cli").joinpath("_report.css").read_text(encoding="utf-8")}</style>
</head>
<body>
<h1>{counted(histories)}: {summary}</h1>
<p class="faint">Written {when} by settled {__version__}. All bands share one scale of time.</p>
<ul class="legend">
{scale.legend()}
<li><b class="poll">|</b>poll</li><li><b class="fault">✕</b>poll that failed</li>
<li><b class="pause"></b>pause that the vendor asked for</li>
</ul>
<main>
{articles}
</main>
</body>
</html>
"""


class _Scale:
    """The position of each time in percent, and the CSS class of each status, in order of appearance."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._classes: dict[str, str] = {}

    def at(self, moment: float) -> str:
        return f"{100 * min(max(moment / self.seconds, 0.0), 1.0):.2f}%"

    def class_of(self, kind: JobKind[object], word: str) -> str:
        outcome = kind.terminal.outcome_of(word)
        # Terminal words have the colour of their outcome; running words take turns.
        shade = f"w{sum(name.startswith('w') for name in self._classes.values()) % _SHADES}"
        return self._classes.setdefault(word, shade if outcome is None else outcome.value)

    def legend(self) -> str:
        return "\n".join(f'<li><b class="{name}"></b>{_text(word)}</li>' for word, name in self._classes.items())

    def axis(self) -> str:
        step = next((step for step in _STEPS if self.seconds / step <= 5), math.ceil(self.seconds / 432_000) * 86_400)
        ticks = [tick * step for tick in range(int(self.seconds / step) + 1)]
        # A label this close to the edge is aligned to its right end.
        last = 0.93 * self.seconds
        return "".join(
            f'<span{" class=last" if tick > last else ""} style="left:{self.at(tick)}">{_time(tick)}</span>'
            for tick in ticks
        )


def _article(history: History, pauses: list[Pause], scale: _Scale) -> str:
    word, name = _end(history)
    snapshot, kind = history.latest, history.job.kind
    mark = _MARKS.get(word, "!" if name == "UNSETTLED" else "…")
    spans = list(_spans(((answer.moment, answer.label) for answer in history.answers), history.seconds))
    parts = {part: None for answer in history.answers for part in answer.parts}
    bands = "\n".join(
        _band(scale, kind, list(_spans(_words_of(history, part), history.seconds)), part) for part in list(parts)[:50]
    )
    reason = snapshot.error or snapshot.detail or ""
    polls = f"{snapshot.polls} polls, {len(history.failures)} failed, in {_time(history.seconds)}"
    return f"""<article>
<header><h2>{_text(history.job.ref)}</h2><span class="outcome {name}">{mark} {word}</span></header>
<p class="faint">{polls}</p>
<figure role="img" aria-label="{_text(f"{word} after {_time(history.seconds)}: " + ", ".join(s.word for s in spans))}">
{_band(scale, kind, spans, None, f'<i class="{name}" style="left:{scale.at(history.seconds)}" title="{word}"></i>')}
<div class="marks">{_marks(history, pauses, scale)}</div>
<p class="axis">{scale.axis()}</p>
{bands}
</figure>
{f"<figcaption>{_text(reason)}</figcaption>" if reason else ""}
<details><summary>In words</summary><table>{"".join(_rows(history, pauses, spans, word))}</table></details>
</article>"""


def _band(scale: _Scale, kind: JobKind[object], spans: list[_Span], part: str | None, cap: str = "") -> str:
    inner = "".join(
        f'<span class="{scale.class_of(kind, span.word)}" '
        f'style="left:{scale.at(span.begin)};width:{scale.at(span.end - span.begin)}" '
        f'title="{_text(span.word)}, {_time(span.begin)} to {_time(span.end)}">'
        f"{_text(span.word)}</span>"
        for span in spans
    )
    if part is None:
        return f'<div class="band">{inner}{cap}</div>'
    return f'<small>{_text(part)}</small><div class="band part">{inner}</div>'


def _marks(history: History, pauses_of: list[Pause], scale: _Scale) -> str:
    # More than a thousand ticks cannot be told apart, and a long wait has many polls.
    end, ticks = history.seconds, sorted({round(1000 * each.moment / scale.seconds) for each in history.answers})
    path = "".join(f"M{tick} 0V1" for tick in ticks)
    pauses = "".join(
        f'<u style="left:{scale.at(pause.moment)};width:{scale.at(min(pause.seconds, end - pause.moment))}" '
        f'title="a pause of {_time(pause.seconds)} was asked for"></u>'
        for pause in pauses_of
        if pause.moment < end
    )
    faults = "".join(
        f'<s style="left:{scale.at(failure.moment)}" title="{_text(failure.why)}">✕</s>' for failure in history.failures
    )
    lines = f'<path d="{path}" vector-effect="non-scaling-stroke"/>'
    return f'<svg viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>{pauses}{faults}'


def _rows(history: History, pauses: list[Pause], spans: list[_Span], end: str) -> Iterator[str]:
    events = [(span.begin, span.word) for span in spans]
    events += [(failure.moment, f"a poll failed: {failure.why}") for failure in history.failures]
    events += [(pause.moment, f"a pause of {_time(pause.seconds)} was asked for") for pause in pauses]
    for moment, what in (*sorted(events), (history.seconds, end)):
        yield f"<tr><td>{_time(moment)}</td><td>{_text(what)}</td></tr>"


def _end(history: History) -> tuple[str, str]:
    """How a job ended, in a word, and its CSS class."""
    if history.latest.error is not None:
        return type(history.latest.error).__name__, "UNSETTLED"
    outcome = history.latest.outcome
    return (outcome.value, outcome.value) if outcome is not None else ("running", "RUNNING")


def _spans(answers: Iterable[tuple[float, str]], end: float) -> Iterator[_Span]:
    begin, word = 0.0, None
    for moment, seen in answers:
        if seen != word:
            if word is not None:
                yield _Span(begin, moment, word)
            begin, word = moment, seen
    if word is not None:
        yield _Span(begin, end, word)


def _words_of(history: History, part: str) -> Iterator[tuple[float, str]]:
    return ((answer.moment, answer.parts[part]) for answer in history.answers if part in answer.parts)


def _text(text: object) -> str:
    line = plain(text)
    return html.escape(line if len(line) <= _MOST_LETTERS else f"{line[:_MOST_LETTERS]}…")


def _time(seconds: float) -> str:
    """Seconds as people read them: two units at most."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.1f} s"
    unit, size, smaller, small = next(each for each in _UNITS if seconds >= each[1])
    rest = int(seconds % size // small)
    return f"{int(seconds // size)} {unit}" + (f" {rest} {smaller}" if rest else "")
