"""The inbox of callbacks: what is kept, and for how long."""

from __future__ import annotations

import gc
import threading
from typing import Any

from settled._core.inbox import MAX_BYTES, Inbox


def test_forged_ids_do_not_push_out_what_is_awaited() -> None:
    """However many callbacks come for jobs that nobody knows, that of a wait under way stays, early or not."""
    inbox = Inbox()
    inbox.put("early", "before the wait")
    woken: list[str] = []
    ends = [inbox.subscribe(job_id, lambda: woken.append("woken")) for job_id in ("early", "awaited")]
    inbox.put("awaited", "during the wait")
    for number in range(30_000):
        inbox.put(f"forged {number}", number)
    assert inbox.get("early") == "before the wait"
    assert inbox.get("awaited") == "during the wait"
    assert woken == ["woken"]
    for end in ends:
        end()
    for number in range(30_000):
        inbox.put(f"forged again {number}", number)
    assert inbox.get("early") is None
    assert inbox.get("awaited") is None


def test_bounded_in_bytes() -> None:
    """Callbacks that take much memory leave room for few of them, and one that takes too much is not kept."""
    inbox = Inbox()
    for number in range(100):
        inbox.put(str(number), {"log": "x" * (MAX_BYTES // 10)})
    kept = [number for number in range(100) if inbox.get(str(number)) is not None]
    assert kept == list(range(100 - len(kept), 100))
    assert len(kept) == 9
    inbox.put("huge", [[] for _ in range(MAX_BYTES // 50)])
    assert inbox.get("huge") is None
    assert inbox.get("99") is not None
    for number in range(100):
        inbox.put(str(number), "small")
    assert all(inbox.get(str(number)) == "small" for number in range(100))


def test_a_wait_may_end_while_a_callback_comes() -> None:
    """The garbage collector may end a wait while its own thread is within the inbox."""
    inbox = Inbox()

    class Abandoned:
        def __init__(self) -> None:
            self.end = inbox.subscribe("7", lambda: None)
            self.itself = self

        def __del__(self) -> None:
            self.end()

    class Collecting(dict[str, Any]):
        def get(self, key: str, default: Any = None, /) -> Any:
            gc.collect()
            return super().get(key, default)

    def put() -> None:
        for number in range(10):
            Abandoned()
            inbox.put("7", number)

    inbox._wakers = Collecting()
    thread = threading.Thread(target=put, daemon=True)
    # What there was before the test is not looked through again at each collection.
    gc.freeze()
    try:
        thread.start()
        thread.join(60)
    finally:
        gc.unfreeze()
    assert not thread.is_alive()
    gc.collect()
    assert not inbox._wakers
