"""Text from outside, made fit to be shown.

A vendor's text can be megabytes long, hold line breaks that forge a record in a log, escape sequences that control a
terminal, and lone surrogates, which JSON can hold and no file can. `encodable` takes the last of these away, `truncate`
bounds the length, too, and `printable` does all. Secrets are taken out before that (`_http.redact` and the client's
credentials): half of one that was cut would not be recognised.
"""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text without lone surrogates, which JSON can hold and no terminal or file takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def truncate(text: str, most: int = 500) -> str:
    """The text, encodable, and cut after so many characters."""
    return encodable(text if len(text) <= most else f"{text[:most]}…")


def printable(text: str, most: int) -> str:
    """The text on one line, cut after so many characters; line breaks and escape sequences are shown as such."""
    text = truncate(text, most)
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
