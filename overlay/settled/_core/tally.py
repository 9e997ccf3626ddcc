"""What a wait remembers of the statuses that it has read: the latest in words, and how often each was read.

Words come from vendors. They can be long, control a terminal, or differ at each poll, as percentages do. So they are
made printable and cut, and of many different ones the later ones are counted together: a wait of a week takes as little
memory as one of a minute. A tally is a tuple, which waits that have read the same can share.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter

from .snapshot import Reading
from .text import printable, truncate

Tally = tuple[tuple[str, int], ...]

# A vendor may put times or percentages into its words: of more labels than these only their number is known.
MAX_LABELS = 20
OTHER = "other"
# The status of a job that has none, nor have its parts.
NONE = "none yet"

_MAX_WORD = 80
_MAX_STATUS = 200


def status_of(reading: Reading) -> str:
    """The status of a job in one line; of a job of many parts, how many have which."""
    if reading.status is not None:
        return sys.intern(printable(reading.status, _MAX_WORD))
    words = Counter(printable(part.status, _MAX_WORD) for part in reading.parts.values() if part.status is not None)
    return (
        sys.intern(truncate(", ".join(f"{count} {word}" for word, count in sorted(words.items())), _MAX_STATUS)) or NONE
    )


def label_of(reading: Reading, status: str) -> str:
    """What a reading is counted as: its status, or how far it is where the parts' words would make ever new ones."""
    if reading.status is None and reading.progress is not None and reading.progress.total > 1:
        return f"{reading.progress.done} of {reading.progress.total} settled"
    return status


# Most of many waiting jobs have seen the same: they share what is kept of it.
@functools.lru_cache(maxsize=4096)
def counted(tally: Tally, label: str) -> Tally:
    """A tally with one more reading."""
    counts = dict(tally)
    if label not in counts and len(counts) >= MAX_LABELS:
        label = OTHER
    counts[label] = counts.get(label, 0) + 1
    return tuple(counts.items())
