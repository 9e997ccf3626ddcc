"""What bounds requests and answers, and is known before the first of them is sent."""

from __future__ import annotations

LAST_PORT = 65535

MAX_BODY = 4 * 2**20
MAX_BODY_KEY = "settled.max_body"

# The only encoding that a client asks for: others can make very much of a few bytes before anybody can count it.
ENCODING = "gzip"
# How deep a JSON value is searched and shown: deeper down there is nothing that a person would look for.
MAX_DEPTH = 40
