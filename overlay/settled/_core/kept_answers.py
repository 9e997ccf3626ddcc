"""Keeping the latest answers of very many jobs in little room.

A wait keeps the bytes of its latest answer, because a deadline may end it, and then its caller gets the last snapshot.
Of a hundred thousand waits that is a lot. But answers about jobs of one kind differ in little more than ids and times.
So each is compressed with the first one of its kind as the dictionary, which leaves what is special about it.
"""

from __future__ import annotations

import zlib

# No JSON begins with it, in whatever encoding.
_COMPRESSED = b"\x01"
# Negative: without a header and a checksum, which would take more room than many an answer.
_WINDOW_BITS = -15


class KeptAnswers:
    """Keeps answers as what differs from the first one of their kind: most of a job's answer is as in all others."""

    def __init__(self) -> None:
        self._samples: dict[str, bytes] = {}

    def compress(self, kind: str, content: bytes) -> bytes:
        """An answer's bytes in less room; what is compressed already stays as it is."""
        if content.startswith(_COMPRESSED):
            return content
        sample = self._samples.setdefault(kind, content)
        compressor = zlib.compressobj(level=1, wbits=_WINDOW_BITS, memLevel=1, zdict=sample)
        return _COMPRESSED + compressor.compress(content) + compressor.flush()

    def restore(self, kind: str, kept: bytes) -> bytes:
        """The answer's bytes as they came."""
        if not kept.startswith(_COMPRESSED):
            return kept
        return zlib.decompressobj(wbits=_WINDOW_BITS, zdict=self._samples[kind]).decompress(kept[1:])
