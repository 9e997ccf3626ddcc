"""Text from outside, made fit to be shown."""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can hold and no terminal or file takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def shown(text: str, most: int = 500) -> str:
    """The text, encodable, and cut after so many characters."""
    return encodable(text if len(text) <= most else f"{text[:most]}…")
