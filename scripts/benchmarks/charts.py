"""The two pictures of the README and the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import schedules
from benchmarks.plot import Axis, Plot, drawing
from benchmarks.sides import Spread
from benchmarks.timing import OURS

_FOLDER = Path(__file__).resolve().parent
_BLUE, _LIGHT_BLUE, _ORANGE = "#0550ae", "#218bff", "#bc4c00"
_OTHERS = ("#8250df", "#116329", "#9a6700", "#cf222e", "#57606a", "#1b7c83", "#bf3989")


def write(results: dict[str, Any]) -> list[Path]:
    """Draw the pictures that there are figures for."""
    pictures = {}
    if "async" in results:
        pictures["polls.svg"] = polls_picture(results["async"])
    if "schedules" in results:
        pictures["schedules.svg"] = schedules_picture([list(row) for row in schedules.delay_curve()])
    for name, svg in pictures.items():
        (_FOLDER / name).write_text(svg, encoding="utf-8")
    return [_FOLDER / name for name in pictures]


def polls_picture(costs: dict[str, dict[str, list[float]]]) -> str:
    """CPU time a poll against the number of jobs, of every side."""
    x = Axis("jobs at once", {1.0: "1", 10.0: "10", 100.0: "100", 1000.0: "1,000"})
    y = Axis("CPU time per poll", _decades([cost for of in costs.values() for side in of.values() for cost in side]))
    plot = Plot(x, y, left=70, top=70, width=470, height=360)
    ends = []
    # There may be more sides than colours.
    others = iter(_OTHERS * 2)
    for name in dict.fromkeys(side for of in costs.values() for side in of):
        points = [(float(jobs), Spread.of(of[name]).median) for jobs, of in costs.items() if of.get(name)]
        if points:
            is_ours, is_fast = name.startswith("settled"), name.endswith("fast")
            colour = (_LIGHT_BLUE if is_fast else _BLUE) if is_ours else next(others)
            plot.curve(points, colour, width=2.5 if is_ours else 1.5, dash="5 4" if "as_settled" in name else "")
            label = f"{name} (dashed)" if "as_settled" in name else name
            ends.append((label, *points[-1], colour))
    plot.labels_beside(ends)
    return drawing(850, 490, "What a poll costs", [plot.svg()])


def schedules_picture(rows: list[list[Any]]) -> str:
    """Requests against delay, in seconds and as a part of the job's duration."""
    learned = [row for row in rows if row[0].startswith("Learned")]
    fixed = [row for row in rows if row not in learned]
    colours = dict(zip([row[0] for row in fixed if row[0] != OURS], _OTHERS, strict=True)) | {OURS: _BLUE}
    y = Axis("requests a job", {5.0: "5", 10.0: "10", 20.0: "20", 50.0: "50", 100.0: "100", 200.0: "200", 300.0: ""})
    seconds = {1.0: "1 s", 3.0: "3 s", 10.0: "10 s", 30.0: "30 s", 100.0: "100 s", 300.0: "300 s"}
    parts = {0.03: "3 %", 0.1: "10 %", 0.3: "30 %", 1.0: "100 %", 4.0: ""}
    panels = [
        (2, Plot(Axis("mean delay", seconds), y, left=60, top=75, width=340, height=290)),
        (3, Plot(Axis("mean delay as a part of the job's duration", parts), y, 470, 75, 340, 290)),
    ]
    for column, plot in panels:
        plot.curve([(row[column], row[1]) for row in learned], _ORANGE)
        for row in fixed:
            plot.curve([(row[column], row[1])], colours[row[0]], width=3.5 if row[0] == OURS else 2.5)
    legend = panels[0][1]
    names = [(OURS, _BLUE), ("Learned, of several delays", _ORANGE)]
    names += [(name, colour) for name, colour in colours.items() if name != OURS]
    for index, (name, colour) in enumerate(names):
        left, top = (50, 290)[index // 5], 438 + 22 * (index % 5)
        legend.dot(left, top - 4, colour)
        legend.text(left + 12, top, name)
    title = "What schedules cost, and how late they notice an end: jobs of medians from 3 s to 3,000 s"
    return drawing(850, 545, title, [plot.svg() for _, plot in panels])


def _decades(values: list[float]) -> dict[float, str]:
    ticks = {100.0: "100 µs", 200.0: "200 µs", 500.0: "500 µs", 1e3: "1 ms", 2e3: "2 ms", 5e3: "5 ms", 1e4: "10 ms"}
    ticks |= {2e4: "20 ms", 5e4: "50 ms", 1e5: "100 ms"}
    # Only the ticks around the data, so that the curves fill the picture.
    below = max((tick for tick in ticks if tick <= min(values)), default=min(ticks))
    above = min((tick for tick in ticks if tick >= max(values)), default=max(ticks))
    return {tick: label for tick, label in ticks.items() if below <= tick <= above}
