"""The tables of the schedules' simulation."""

from __future__ import annotations

from typing import Any

from benchmarks import schedules
from benchmarks.tables import Table, better

OURS = "Settled's default"


def simulate() -> dict[str, Any]:
    """Requests, delay and overshoot of each schedule, and how many times fewer requests a learnt one makes."""
    savings = schedules.single_distributions()
    return {
        "table": [list(row) for row in schedules.schedule_table()],
        "fewer": {saving.kind: saving.ratio for saving in savings if saving.kind in schedules.DISTRIBUTIONS},
        "savings": {
            saving.kind: [saving.google.requests, saving.learned.requests, saving.google.delay, saving.learned.delay]
            for saving in savings
        },
    }


def schedule_table(results: dict[str, Any]) -> Table:
    """What each schedule costs, and how late it notices an end."""
    rows = {name: figures for name, *figures in results["table"]}
    made = Table(
        "Schedules, for jobs of medians from 3 s to 3,000 s (simulated)",
        ["", "requests a job", "delay", "delay as a part of the duration"],
        [[name, f"{requests:.1f}", f"{delay:.1f} s", f"{part:.0%}"] for name, (requests, delay, part) in rows.items()],
    )
    for index, word in enumerate(("Fewer requests", "Less delay", "A smaller part of the duration")):
        others = {name: figures[index] for name, figures in rows.items() if name != OURS}
        made.words.append(better(word, OURS, rows[OURS][index], others))
    return made


def learned_table(results: dict[str, Any]) -> Table:
    """What learning from twenty jobs saves."""
    return Table(
        "A Learned schedule after 20 jobs, told to be as late as google-api-core's (simulated)",
        ["", "google's requests", "Learned's", "times fewer", "google's delay", "Learned's"],
        [
            [kind, f"{google:.1f}", f"{ours:.1f}", f"{google / ours:.2f}", f"{late:.1f} s", f"{our_delay:.1f} s"]
            for kind, (google, ours, late, our_delay) in results["savings"].items()
        ],
        ["The last three spread widely, so that there is less to learn; the marks do not count them."],
    )
