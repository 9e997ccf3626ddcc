"""Build the site into site/, and hold it against three promises.

Every docstring can be read, every link within the site leads somewhere, and no page loads anything from elsewhere.

The pages are those of scripts/docs/pages, and what is made of other files: the changelog, the security note, the
pictures of the benchmarks, and a page for each generated client.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "scripts" / "docs"
CLIENTS = ROOT / "generated" / "settled_clients"
# As deep as this folder, so that relative paths of the configuration hold in both.
STAGED = ROOT / ".cache" / "docs"
SITE = ROOT / "site"
# Domains that RFC 2606 reserves, so that they lead nowhere.
_RESERVED = (".example", ".invalid")

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
        """Record what a tag links to or loads."""
        attributes = {name: value for name, value in attrs if value}
        self.anchors.update(attributes[name] for name in ("id", "name") if name in attributes)
        if _LOADED.get(tag) in attributes:
            self.loaded.append(attributes[_LOADED[tag]])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])


def main() -> int:
    """Build the site; 0 if nothing is wrong with it."""
    stage()
    zensical = str(Path(sys.executable).parent / "zensical")
    command = [zensical, "build", "--strict", "--clean", "--config-file", str(STAGED / "zensical.toml")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - the command is ours
    wrong = [line for line in run.stderr.splitlines() if line.startswith(("griffe:", "mkdocstrings:"))]
    if run.returncode:
        wrong.append(run.stdout + run.stderr)
    else:
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.move(STAGED / "site", SITE)
        wrong += faults(SITE)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{SITE.name}/index.html: {len(wrong)} faults")
    return min(len(wrong), 1)


def stage() -> None:
    """Collect all pages in one folder, beside the configuration."""
    shutil.rmtree(STAGED, ignore_errors=True)
    pages = STAGED / "pages"
    shutil.copytree(HERE / "pages", pages)
    shutil.copy(ROOT / "CHANGELOG.md", pages / "changelog.md")
    shutil.copy(ROOT / "SECURITY.md", pages / "security.md")
    (pages / "benchmarks").mkdir()
    for picture in (ROOT / "scripts" / "benchmarks").glob("*.svg"):
        shutil.copy(picture, pages / "benchmarks")
    (pages / "reference" / "clients").mkdir()
    for vendor in vendors():
        (pages / "reference" / "clients" / f"{vendor}.md").write_text(client_page(vendor), encoding="utf-8")
        with (pages / "reference" / f"{vendor}.md").open("a", encoding="utf-8") as page:
            page.write("    options:\n      members:\n" + "".join(f"        - {name}\n" for name in exported(vendor)))
    config = (HERE / "zensical.toml").read_text(encoding="utf-8").replace("@VERSION@", version())
    source = source_url()
    # Top-level keys of the project stand before its first table.
    config = config.replace("@REPOSITORY@", f'repo_url = "{source}"' if source else "")
    (STAGED / "zensical.toml").write_text(config, encoding="utf-8")


def vendors() -> list[str]:
    """The generated clients, by name."""
    return sorted(path.name for path in CLIENTS.iterdir() if (path / "models").is_dir())


def version() -> str:
    """The version that is built."""
    text = (ROOT / "overlay" / "settled" / "_version.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def source_url() -> str | None:
    """Where the source is, as pyproject.toml says; None while that is a placeholder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    url: str = project["urls"]["Source"]
    return None if (urlsplit(url).hostname or "").endswith(_RESERVED) else url


def exported(vendor: str) -> list[str]:
    """What a vendor's module exports, in the order that a reader wants: connecting, jobs, submits, results, types."""
    module = ROOT / "overlay" / "settled" / vendor
    tree = ast.parse((module / "__init__.py" if module.is_dir() else module.with_suffix(".py")).read_text("utf-8"))
    names = _all_of(tree)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    first = ["connect", "connect_from_env", *functions]
    twins = [name for function in first for name in (function, f"{function}_async")]
    types = sorted(names, key=lambda name: (name in ("AuthenticatedClient", "KINDS"), name))
    return [name for name in dict.fromkeys([*twins, *types]) if name in names]


def client_page(vendor: str) -> str:
    """The page of a generated client: its operations, and all of its models."""
    package = f"settled_clients.{vendor}"
    lines = [
        f"# `{package}`\n",
        f"The client that is generated from `specs/{vendor}.yaml`: every operation of the spec, and every model.",
        "[How to call an operation](../clients.md).\n",
        "## Operations\n",
        "| module | request | what it does |",
        "| --- | --- | --- |",
        *(f"| `{module}` | `{method} {url}` | {text} |" for module, method, url, text in operations(vendor)),
        "\n## Models\n",
    ]
    for model in models(vendor):
        lines += [f"::: {package}.models.{model}", "    options:", "      heading_level: 3", "      members: false"]
        lines += ["      merge_init_into_class: false", "      show_root_full_path: false", ""]
    return "\n".join(lines)


def operations(vendor: str) -> Iterator[tuple[str, str, str, str]]:
    """A client's operations: the module, the method, the path, and what it is for."""
    for path in sorted((CLIENTS / vendor / "api").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        method, url = (re.search(rf'"{name}": "(.+?)"', text) for name in ("method", "url"))
        if method is not None and url is not None:
            functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
            summary = (ast.get_docstring(functions["sync_detailed"]) or "").partition("\n")[0]
            yield f"{path.parent.name}.{path.stem}", method[1].upper(), url[1], summary


def models(vendor: str) -> list[str]:
    """A client's models."""
    return _all_of(ast.parse((CLIENTS / vendor / "models" / "__init__.py").read_text(encoding="utf-8")))


def _all_of(tree: ast.Module) -> list[str]:
    """The `__all__` of a module."""
    [names] = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return [*ast.literal_eval(names)]


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
