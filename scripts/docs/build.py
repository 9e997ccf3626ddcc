"""Build the API reference into site/, and hold it against three promises.

Every docstring can be read, every link within the site leads somewhere, and no page loads anything from elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "scripts" / "docs" / "zensical.toml"
SITE = ROOT / "site"

# What of a page the browser fetches by itself.
_LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
_OF_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


class Page(HTMLParser):
    """What a page loads, where it links to, and the anchors it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        given = {name: value for name, value in attrs if value}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if _LOADED.get(tag) in given:
            self.loaded.append(given[_LOADED[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def main() -> int:
    """Build the site; 0 if nothing is wrong with it."""
    command = [
        str(Path(sys.executable).parent / "zensical"),
        "build",
        "--strict",
        "--clean",
        "--config-file",
        str(CONFIG),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - the command is ours
    wrong = [line for line in run.stderr.splitlines() if line.startswith(("griffe:", "mkdocstrings:"))]
    if run.returncode:
        wrong.append(run.stdout + run.stderr)
    else:
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.move(CONFIG.parent / "site", SITE)
        copy_pictures()
        wrong += faults(SITE)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{SITE.name}/index.html: {len(wrong)} faults")
    return min(len(wrong), 1)


def copy_pictures() -> None:
    """Put what the README shows beside it, as it is in the repository."""
    for target in re.findall(r"\]\(([\w/.-]+\.(?:svg|png))\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        (SITE / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / target, SITE / target)


def faults(site: Path) -> list[str]:
    """What the pages of a site load from elsewhere, and their links that lead nowhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = [f"{path.relative_to(site)}: loads what is elsewhere" for path in site.rglob("*.css") if _is_foreign(path)]
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name}: loads {url}" for url in page.loaded if urlsplit(url).netloc]
        # A server may answer with this page in place of any other, so its links are of no one place.
        if path.name != "404.html":
            found += [
                f"{name}: no {url}" for url in (*page.loaded, *page.links) if not _leads_somewhere(url, path, pages)
            ]
    return found


def _is_foreign(style: Path) -> bool:
    return _OF_STYLES.search(style.read_text(encoding="utf-8")) is not None


def _leads_somewhere(url: str, path: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return True
    target = path.parent.joinpath(unquote(parts.path)).resolve() if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].anchors


if __name__ == "__main__":
    sys.exit(main())
