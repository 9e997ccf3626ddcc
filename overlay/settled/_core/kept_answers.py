"""Keeping the latest answers of very many jobs in little room."""

from __future__ import annotations

import zlib

# No JSON begins with it, in whatever encoding.
_SQUEEZED = b"\x01"
_WINDOW_BITS = -15


class KeptAnswers:
    """Keeps answers as what differs from the first one of their kind: most of a job's answer is as in all others."""

    def __init__(self) -> None:
        self._samples: dict[str, bytes] = {}

    def compress(self, kind: str, content: bytes) -> bytes:
        """An answer's bytes in less room; what is squeezed already stays as it is."""
        if content.startswith(_SQUEEZED):
            return content
        sample = self._samples.setdefault(kind, content)
        squeezer = zlib.compressobj(level=1, wbits=_WINDOW_BITS, memLevel=1, zdict=sample)
        return _SQUEEZED + squeezer.compress(content) + squeezer.flush()

    def restore(self, kind: str, kept: bytes) -> bytes:
        """The answer's bytes as they came."""
        if not kept.startswith(_SQUEEZED):
            return kept
        return zlib.decompressobj(wbits=_WINDOW_BITS, zdict=self._samples[kind]).decompress(kept[1:])
