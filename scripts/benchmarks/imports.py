"""The cost of starting: importing Settled, and making a second connection."""

from __future__ import annotations

from benchmarks.sides import Figures, Spread, in_turn, progress, ratios, run
from benchmarks.tables import Table, better

HTTPX = "import httpx"
OURS = "import settled"
CONNECT = "second `osapi.connect`, with its `httpx.Client`"
VENDOR = "from settled import osapi"
_IMPORTS = (HTTPX, OURS, "import settled; settled.wait", VENDOR)
_CONNECTIONS = {
    CONNECT: ("from settled import osapi", "osapi.connect('http://vendor.example', token='t').get_httpx_client()"),
    "second `osapi.connect`, with its `httpx.AsyncClient`": (
        "from settled import osapi",
        "osapi.connect('http://vendor.example', token='t').get_async_httpx_client()",
    ),
    "second `httpx.Client`": ("import httpx", "httpx.Client(base_url='http://vendor.example')"),
}
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def measure_imports(*, rounds: int, quick: bool) -> dict[str, list[float]]:
    """Milliseconds of each import and of each second connection, round by round."""
    progress("  imports and connections")
    codes = {code: _TIMED.format(code) for code in _IMPORTS}
    codes |= {name: f"{needs}; {what}; {_TIMED.format(what)}" for name, (needs, what) in _CONNECTIONS.items()}

    def figures_of(name: str) -> Figures:
        return {"seconds": run("-c", codes[name])}

    rounds_of = in_turn(codes, (1 if quick else 4) * rounds, figures_of)
    return {name: [1e3 * figures["seconds"] for figures in of] for name, of in rounds_of.items()}


def table(times: dict[str, list[float]]) -> Table:
    """Milliseconds of each, and imports beside httpx's."""
    made = Table("Beginning, in fresh interpreters", ["", "ms", f"beside `{HTTPX}`"])
    for name, of in times.items():
        ratio = ratios(of, times[HTTPX]) if name in _IMPORTS else None
        made.rows.append([f"`{name}`" if ratio else name, Spread.of(of).text(".1f"), ratio.text() if ratio else ""])
    medians = {name: Spread.of(of).median for name, of in times.items()}
    for ours in _IMPORTS[1:]:
        made.words.append(better("Sooner", ours, medians[ours], {f"`{HTTPX}`": medians[HTTPX]}))
    return made
