"""Snapshots as small JSON values."""

from __future__ import annotations

from typing import Any

from .snapshot import Snapshot


def snapshot_to_json(snapshot: Snapshot[Any]) -> dict[str, Any]:
    """A snapshot without the vendor's reply; `error` tells type and message of what ended the wait."""
    error = snapshot.error
    return {
        "ref": snapshot.job.ref,
        "status": snapshot.status,
        "outcome": None if snapshot.outcome is None else snapshot.outcome.value,
        "settled": snapshot.is_settled,
        "progress": snapshot.progress and snapshot.progress._asdict(),
        "parts": {name: part._asdict() for name, part in snapshot.parts.items()},
        "detail": snapshot.detail,
        "polls": snapshot.polls,
        "elapsed": round(snapshot.elapsed, 3),
        "error": None if error is None else {"type": type(error).__name__, "message": str(error)},
    }
