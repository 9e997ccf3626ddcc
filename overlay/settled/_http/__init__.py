"""One request to one reply: the only place that knows httpx."""
