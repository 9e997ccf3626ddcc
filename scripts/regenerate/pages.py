"""Hold a vendor's page, saved as text or HTML, against the spec that was written from it.

python scripts/regenerate/pages.py SPEC PAGE...: list the words of an API (paths, fields, status words and
others of enums, headers, response codes) that stand on the page alone or in the spec alone, each with its file and
line. The operations that count are those whose x-source names the page's title, and its numbered sections if there are
any.

A word that is right on one side alone belongs in `x-page-ignore` of the operation, or of the whole spec: a mapping of
words, or of kinds with words (`field id`), to reasons; headers are written in lower case. `x-source.sha256` holds the
digest of the page that the spec was written from, as printed here. --record keeps the hashes of the page's lines in
SPEC's *.pages.json, and puts the digest into the spec where it has another; then a later run says which lines are new.

A PAGE may be the vendor's own OpenAPI 3 document (*.yaml, *.json): then operations are held against each other by
method and path, and their fields, words, headers and response codes are compared.

The exit code is 0 if nothing was found, 1 if something was or if the text is not the one that was kept, 3 if the spec
or a page cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from generate import GenerationError, read_spec, yaml_problem
from spec_tree import METHODS, SERIES, Problem, resolved

NAME = r"[A-Za-z_$][\w$.-]*"
TYPE = r"(?:string|integer|number|boolean|object|array)"
TYPED = rf"{TYPE}(?:\[\w*\])?(?: ?\(enum\))?(?: or null)?"
PHRASES = {status.phrase.lower(): str(status.value) for status in HTTPStatus if status >= 400}
NO_FIELD = re.compile(rf"(?i){TYPE}|body|request|response|schema|name|type|required|optional|y|n|yes|no")
NO_WORD = re.compile(rf"(?i){TYPE}|example|null|true|false|none|get|post|put|patch|delete|head|options")
NO_STATUS = re.compile(
    "API|CLIENT|CODE|CURL|DEPRECATED|HTTPS?|ISO|JSON|RBAC|REQUEST|RESPONSE|REST|SSL|TLS|URL|UTC|UUID"
)
COMMON_HEADERS = re.compile("accept|content-type|host|user-agent")
INLINE = re.compile("a|abbr|b|code|em|font|i|kbd|label|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr")
INVISIBLE = re.compile("button|noscript|script|select|style|svg|template|title")
CONTAINER = re.compile("article|aside|body|div|footer|header|main|nav|section")
BOILERPLATE = re.compile("aside|footer|header|nav|banner|complementary|contentinfo|navigation|search")


PATH = re.compile(
    r"(?:\b(?i:(get|post|put|patch|delete))\s*(?:https?://[^\s/\"']+)?|https?://[^\s/\"']+|(?<![\w/:.<>)\]-]))"
    r"(/(?:\w|[{<:]\w|%7B)[\w.~{}<>%:/-]*)"
)
RESPONSE = re.compile(
    r"^\W*([1-5]\d\d)(?=$|[A-Za-z]|\s*[:|)—–-]|\s+[A-Z])"  # noqa: RUF001 - pages have such dashes
    r"|\b(?i:http|status|code)(?: code)?:? ([1-5]\d\d)\b|\b([1-5]\d\d) (?i:response|error|status)"
)
PHRASE = re.compile(rf"(?i)^\W*({'|'.join(PHRASES)})(?: access)?\s*(?:$|[.:(—–-])")  # noqa: RUF001
HEADER = re.compile(r"-H\s*[\"']([\w-]+):|(?<![\w-])([Xx]-[A-Za-z][\w-]*)")
PROGRAM = re.compile(r"\s=>?\s|;\s*$|\w\([\"'$]|^\s*(?:import|require) [\w.']+$")
PLACEHOLDER = re.compile(r"<[^<>|]*>")
KEY = re.compile(r"[\"'“]([A-Za-z_$][\w$.-]*)[\"'”]\s*:")
PAIR = re.compile(r"[\"'“]([\w$.-]+)[\"'”]\s*:\s*[\"'“]([^\"'“”]*)[\"'”]")
ROW = re.compile(rf"(?i)\W*?({NAME})\*?((?: {TYPED})?(?: (?:required|optional))?|\s*[:(|]\s*{TYPE}\b.*)")
BESIDE_A_FIELD = re.compile(rf"(?i:{TYPED}(?:,? (?:required|optional))?)|required|optional|Y|N|Yes|No")
GLUED = re.compile(rf"({NAME}?)(?i:{TYPE})(?i:\[\w*\]| of \w+)?(?i:required|optional|date-time|null|or| )*")
IDENTIFIER = re.compile(r"(?<![\w$@.-])[a-z][a-z0-9]*(?:_\w+|[A-Z]\w*)(?![\w-])")
CAPITALS = re.compile(r"(?<![\w-])(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z][A-Z0-9]{2,})(?![\w-])")
QUOTED = re.compile(r"(?<!\w)[\"'`“‘]([A-Za-z]\w*)[\"'`”’](?!\w|\s*:)")  # noqa: RUF001 - pages have such quotes
QUOTES = str.maketrans("", "", "\"'`“”‘’")  # noqa: RUF001
ITEM = re.compile(r"[•*+|-]\s*[\"'`“]?([A-Za-z][\w-]*)[\"'`”]?\s*(?:$|[|:(,—–]|-\s).*")  # noqa: RUF001
ALONE = re.compile(r"(?:\d+[.)]\s+)?([A-Za-z][\w-]*)")  # a cell of a table, a term that is explained, a numbered item
MARK = "\ufdd0"  # no character of any text: it stands around what a page shows as code, until a line is read
BE = r"(?:is|was|becomes?|(?:(?:can|may|might|must|will|would|could) )?(?:also |only )?be)"
STATUS_WORD = rf"[{MARK}\"'`“]?([A-Za-z][a-z]+(?:_[a-z]+)*)[{MARK}\"'`”]?(?![\w'-])"
PROSE = (  # what prose says of a status: "ends as expired", "the state is expired", "is in the expired state"
    re.compile(
        r"(?i)\b(?:ends?|ended|finish(?:es|ed)?|settle[sd]?|reported|marked|shown|listed|changes|moves|goes|status|state)"
        rf"(?: up| from \W?\w+\W?)? (?:as|becomes|is set to|to|turns) {STATUS_WORD}"
        r"(?! (?:an?|how|its|that|the|this|what|which)\b)"
    ),
    re.compile(rf"(?i)\b(?:[a-z]+_)?(?:status|state)\W? {BE} (?:also |either |now |then )?{STATUS_WORD}"),
    re.compile(
        r"(?i)\b(?:enters|(?:is|are|be|stays|ends|remains) in|(?:moves|goes|changes) (?:in)?to)(?: the| an?)? "
        rf"{STATUS_WORD} (?:state|status)\b"
    ),
)
CODED = re.compile(  # a word that is shown as code where a status may stand
    r"(?i)\b(?:is|are|was|be|becomes?|or|either|considered|reads?|says|shows?|returns?|reports?)"
    rf"(?: an?| the)? {MARK}([A-Za-z][\w-]*){MARK}|{MARK}([A-Za-z][\w-]*){MARK} (?:state|status|if|when)\b"
)
NO_STATUS_WORD = re.compile(
    "(?i)an?|the|it|its|one|none|not|each|any|all|this|that|these|those|soon|follows?|well|shown|see|be|text|also|always"
    "|available|called|changed|checked|computed|current|currently|defined|described|determined|different|empty|final|given"
    "|http|in|included|initial|job|kept|known|like|listed|missing|never|new|next|no|now|of|on|only|optional|other|out|part"
    "|polled|present|read|recorded|removed|reported|required|returned|same|saved|sent|set|shared|still|stored|taken|terminal"
    "|then|unchanged|unique|unknown|updated|used|useful|valid|what|when|where|whether|which|written|your"
)
PHRASED = re.compile("|".join(status.phrase for status in HTTPStatus if status >= 400 and " " in status.phrase))
END_OF_LIFE = re.compile(r"(?i)\b(?:end[ -]of[ -](?:life|support|service)|sunset(?:ting)?|to be (?:removed|retired))\b")
MARKS = re.compile(r"^\s{0,3}#{1,6}\s+|\*\*|__(?=\S)|(?<=\S)__|`|\s#+$")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
HEADING = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")

NOT_COMPARED = {"path", "listed"}  # kinds of word that are not compared with a document

Operation = tuple[str, str, Any]  # path or webhook, method, path item


class PageError(Exception):
    """A page that cannot be held against a spec."""


class Line(NamedTuple):
    """A line of a page: its number in the file, its numbered section, its text, and that with marks around code."""

    number: int
    section: str
    text: str
    marked: str = ""


class Word(NamedTuple):
    """A word of an API; its kind is path, field, word (of an enum), header, response, or mention (any of them)."""

    kind: str
    text: str


class Finding(NamedTuple):
    """A word that stands on one side alone, page or spec, or is ignored without need."""

    side: str
    kind: str
    word: str
    file: str
    line: int

    def __str__(self) -> str:
        verbs = {"page": "is not in the spec", "spec": "is not on the page", "ignore": "need not be ignored"}
        return f"{self.file}:{self.line}: {self.kind} {self.word} {verbs[self.side]}"


class PageText(HTMLParser):
    """The lines of text of an HTML page, with their numbers in the file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []
        self.within: list[tuple[int, ...]] = []  # the containers around each line
        self.around: list[int] = []
        self.containers: list[tuple[str, str]] = []  # the tag and the role of each
        self.text, self.number, self.verbatim, self.hidden = "", 0, 0, 0
        self.feed(f"{html}<p>")
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where a block begins."""
        self.turn(tag, +1)
        if CONTAINER.fullmatch(tag):
            self.around.append(len(self.containers))
            self.containers.append((tag, dict(attrs).get("role") or ""))
        if tag == "li":
            self.handle_data("• ")
        self.mark(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a line where a block ends."""
        self.mark(tag)
        self.turn(tag, -1)
        if tag in {self.containers[at][0] for at in self.around}:
            while self.containers[self.around.pop()][0] != tag:
                pass

    def mark(self, tag: str) -> None:
        """Mark where code within a line begins or ends."""
        self.text += MARK if tag in ("code", "samp", "tt") and not (self.verbatim or self.hidden) else ""

    def turn(self, tag: str, step: int) -> None:
        """End the line at a block, and remember what is shown as it is, or not at all."""
        if not INLINE.fullmatch(tag):
            self.lines.append((self.number, self.text if self.verbatim else " ".join(self.text.split())))
            self.within.append(tuple(self.around))
            self.text = ""
        self.verbatim = max(0, self.verbatim + step * (tag == "pre"))
        self.hidden = max(0, self.hidden + step * bool(INVISIBLE.fullmatch(tag)))

    def handle_data(self, data: str) -> None:
        """Gather text; its own line breaks count where the page shows them."""
        for offset, part in enumerate("" if self.hidden else data.split("\n")):
            if offset and self.verbatim:
                self.turn("br", 0)
            self.number = self.number if self.text.strip(f"• {MARK}") else self.getpos()[0] + offset
            self.text += f" {part}" if offset and not self.verbatim else part


def main_lines(page: PageText) -> list[tuple[int, str]]:
    """The lines of a page's main content: its main or article element, or else where most of its text is."""
    lines = [(*line, around) for line, around in zip(page.lines, page.within, strict=True)]

    def size(at: int) -> int:
        return sum(len(text) for _, text, around in lines if at in around)

    for tag in ("main", "article"):
        found = [at for at, (name, role) in enumerate(page.containers) if tag in (name, role) and size(at)]
        if found:
            best = max(found, key=size)
            return [(number, text) for number, text, around in lines if best in around]
    frames = {at for at, names in enumerate(page.containers) if any(map(BOILERPLATE.fullmatch, names))}
    lines = [line for line in lines if not frames & {*line[2]}]
    whole, best = sum(len(text) for _, text, _ in lines), -1
    for at in range(len(page.containers)):
        if size(at) > 0.8 * whole and (best == -1 or size(at) < size(best)):
            best = at
    return [(number, text) for number, text, around in lines if best == -1 or best in around or text == title_of(page)]


def title_of(page: PageText) -> str:
    """The first line of a page that is not blank: a heading may stand outside the main text."""
    return next((text for _, text in page.lines if text), "")


def decoded(path: Path) -> str:
    """The text of a saved page; PageError names an encoding other than UTF-8."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        raise PageError(f"{path} is compressed: unpack it with gunzip")
    if content[:2] not in (b"\xff\xfe", b"\xfe\xff") and content[1:400:2].count(0) > len(content[:400]) / 3:
        raise PageError(f"{path} is not UTF-8 but UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        marks = {b"\xff\xfe": "UTF-16 LE", b"\xfe\xff": "UTF-16 BE"}
        declared = re.search(rb"(?i)charset\s*=\s*[\"']?([\w-]+)", content[:4096])
        named = marks.get(content[:2]) or (declared[1].decode() if declared else "windows-1252, perhaps")
        raise PageError(f"{path} is not UTF-8 but {named}: save it as UTF-8") from error


def read_page(path: Path) -> list[Line]:
    """The lines of a saved page that are not blank."""
    content = decoded(path)
    if path.suffix.lower() in {".md", ".markdown", ".mdx"}:
        plain = (LINK.sub(r"\1", MARKS.sub("", line.replace("`", MARK))) for line in content.split("\n"))
        content = "\n".join("" if re.fullmatch(rf"[\s|:={MARK}-]*", line) else line for line in plain)
    is_html = path.suffix.lower() in {".html", ".htm"} or re.match(r"(?i)\s*<(!doctype html|html)\b", content)
    lines, section = [], ""
    for number, marked in main_lines(PageText(content)) if is_html else enumerate(content.split("\n"), 1):
        text = marked.replace(MARK, "").strip()
        heading = HEADING.match(text)
        section = heading[1] if heading else section
        lines += [Line(number, section, text, marked)] if text else []
    return lines


def digest(lines: list[Line]) -> str:
    """The SHA-256 of a page's text without its blanks and line breaks, in four parts."""
    return grouped_sha256("".join("".join(line.text.split()) for line in lines).encode())


def grouped_sha256(content: bytes) -> str:
    """The SHA-256 of some content in four groups, as specs have it."""
    value = hashlib.sha256(content).hexdigest()
    return "-".join(value[at : at + 16] for at in range(0, 64, 16))


def line_hash(text: str) -> str:
    """A short hash of a line, whatever its blanks."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:12]


def record_of(spec: Path) -> Path:
    """The file beside a spec that keeps the hashes of its pages' lines."""
    return spec.with_suffix(".pages.json")


def recorded(spec: Path) -> dict[str, Any]:
    """What is kept of a spec's pages, by their titles: the digest, and the hashes of the lines."""
    try:
        kept = json.loads(record_of(spec).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise PageError(f"{record_of(spec)} is not JSON: {error}") from error
    return kept if isinstance(kept, dict) else {}


def record(spec: Path, reports: list[dict[str, Any]]) -> None:
    """Keep the digests and the hashes of lines of pages, and put the digests into the spec where it has others."""
    kept, text = recorded(spec), spec.read_text(encoding="utf-8")
    for report in reports:
        kept[report["title"]] = {"sha256": report["sha256"], "lines": sorted(set(report["hashes"].values()))}
        for old in report["kept"]:
            text = text.replace(old, report["sha256"])
    spec.write_text(text, encoding="utf-8")
    record_of(spec).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def line_of(holder: Any, key: Any) -> int:
    """The line of the spec that a key or an item stands on."""
    return int(holder.lc.data[key][0]) + 1


def words_in(document: Any, node: Any, seen: set[int]) -> Iterator[tuple[str, Any, int]]:
    """The fields and the words of enums in a part of the spec, at any depth; `listed` is a field with an enum."""
    node = resolved(document, node)
    if id(node) in seen:
        return
    seen.add(id(node))
    for name, schema in (node.get("properties") or {}).items() if isinstance(node, dict) else ():
        yield "field", name, line_of(node["properties"], name)
        if "enum" in resolved(document, schema):
            yield "listed", name, 0
        yield from words_in(document, schema, seen)
    for key, part in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "enum":
            yield from (("word", word, line_of(part, at)) for at, word in enumerate(part))
        elif key == "headers":
            yield from (("header", name, line_of(part, name)) for name in part)
        elif key == "deprecated" and part is True:
            yield "word", "deprecated", line_of(node, key)
        elif key not in ("properties", "example", "examples", "default", "security") and not str(key).startswith("x-"):
            yield from words_in(document, part, seen)


def vocabulary(document: Any, operations: Iterable[Operation]) -> dict[Word, int]:
    """The words of some operations, each with its line in the spec."""
    found: dict[Word, int] = {}
    for path, method, item in operations:
        operation = item[method]
        words = list(words_in(document, operation, set()))
        if path.startswith("/"):
            words.append(("path", f"{method.upper()} {path}", line_of(item, method)))
        for listed in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = resolved(document, listed)
            kind = "header" if parameter["in"] == "header" else "field"
            words.append((kind, parameter["name"], line_of(parameter, "name")))
        for name in {name for way in operation.get("security", document.get("security", ())) for name in way}:
            scheme = document["components"]["securitySchemes"][name]
            words += [("header", scheme["name"], line_of(scheme, "name"))] if scheme.get("in") == "header" else []
        codes = operation.get("responses", {})
        words += [("response", code, line_of(codes, code)) for code in codes if str(code).isdigit()]
        for kind, text, line in words:
            found.setdefault(Word(kind, str(text).lower() if kind == "header" else str(text)), line)
    return found


def is_styled_as(word: str, others: Iterable[str]) -> bool:
    """Whether a word has the case of any of some others: lower, or a capital first."""
    return any(other.islower() if word.islower() else word.istitle() and other.istitle() for other in others)


def words_of(text: str, following: str, known: Mapping[Word, int], enums: set[str], coded: set[str]) -> Iterator[Word]:
    """The words of an API in a line of a page.

    `enums` are the known words of enums, `coded` those of the line that are shown as code near a status.
    """
    for method, path in PATH.findall(text):
        plain = re.sub(r"[:<](\w+)>?", r"{\1}", unquote(path).rstrip(".:/"))
        yield Word("path", f"{method.upper()} {plain}".strip())
        yield from (Word("field", name) for name in re.findall(r"\{(\w+)\}", plain))
    yield from (Word("header", name.lower()) for match in HEADER.findall(text) for name in match if name)
    text = PLACEHOLDER.sub("", PATH.sub(" ", text))
    if PROGRAM.search(text):
        return
    yield from (Word("response", code) for match in RESPONSE.findall(text) for code in match if code)
    if not RESPONSE.search(text):
        yield from (Word("mentioned response", PHRASES[match.lower()]) for match in PHRASED.findall(text))
    if END_OF_LIFE.search(text):
        yield Word("word", "deprecated")
    phrase, row, glued = PHRASE.match(text), ROW.fullmatch(text), GLUED.fullmatch(text)
    if phrase:
        yield Word("response", PHRASES[phrase[1].lower()])
    fields = [glued[1]] if glued else KEY.findall(text)
    if row and (row[2] or BESIDE_A_FIELD.fullmatch(following)) and not NO_FIELD.fullmatch(row[1]):
        fields.append(row[1])
    for name in fields:
        is_header = "-" in name or (Word("header", name.lower()) in known and Word("field", name) not in known)
        yield Word("header", name.lower()) if is_header else Word("field", name)
    text = "" if glued else text
    words = {value for key, value in PAIR.findall(text) if Word("listed", key) in known and value.isidentifier()}
    words |= {*QUOTED.findall(PAIR.sub(" ", text)), *CAPITALS.findall(text)}
    is_row = text.startswith("|")  # of a Markdown table, where bars part cells
    for series in SERIES.findall((text.replace("|", ";") if is_row else text).translate(QUOTES)):
        members = set(re.findall(r"[\w-]+", series)) - {"or", "and"}
        number = len(members & enums)
        words |= members if (number > 1 and len(members) > 2) or (number and re.search(r"\||\sor\s", series)) else set()
    mentioned = {word for pattern in PROSE for word in pattern.findall(text)} | coded
    words |= {word for word in mentioned if is_styled_as(word, enums) and not NO_STATUS_WORD.fullmatch(word)}
    mentions = set(IDENTIFIER.findall(text)) - set(fields)
    words |= (mentions & enums) | {"deprecated" for _ in re.findall(r"(?i)\bdeprecated\b", text)}
    yield from (Word("word", word) for word in words if not NO_WORD.fullmatch(word) and not NO_STATUS.fullmatch(word))
    yield from (Word("mention", word) for word in mentions - words)


def items_of(lines: list[Line]) -> Iterator[list[tuple[str, int]]]:
    """The first words of each list or table, with their lines."""
    group: list[tuple[str, int]] = []
    for line in lines:
        item = ITEM.fullmatch(line.text)
        if item:
            group.append((item[1], line.number))
        elif group:
            yield group
            group = []
    yield group


def beside_known(group: list[tuple[str, int]], enums: set[str]) -> Iterator[tuple[str, int]]:
    """The words of a group in which two or more are known, as far as they are written as those are."""
    known = {word for word, _ in group} & enums
    if len(known) > 1:
        yield from (each for each in group if any(each[0].islower() == word.islower() for word in known))


def words_alone(lines: list[Line], enums: set[str]) -> Iterator[tuple[str, int]]:
    """The words that stand alone, as those of enums do around them, with their lines: cells of tables, and terms."""
    group: list[tuple[str, int]] = []
    last = 0
    for at, line in enumerate([*lines, *[Line(0, "", "")] * 3]):
        alone = ALONE.fullmatch(line.text)
        if alone and (alone[1] in enums or not NO_FIELD.fullmatch(alone[1])):
            group.append((alone[1], line.number))
            last = at
        elif at - last > 2:  # up to two cells say what a word means
            yield from beside_known(group, enums)
            group = []


def page_words(lines: list[Line], known: Mapping[Word, int]) -> dict[Word, int]:
    """The words of an API in some lines of a page, each with the first line it stands on."""
    found: dict[Word, int] = {}
    enums = {word.text for word in known if word.kind == "word"}
    listed = (each for group in items_of(lines) for each in beside_known(group, enums))
    for text, number in (*listed, *words_alone(lines, enums)):
        found.setdefault(Word("word", text), number)
    words = (rf"\b{re.escape(word)}\b" for word in enums)
    status = re.compile("|".join([r"(?i)\b(?:\w+_)?(?:state|status)\b", *words]))
    near = [bool(enums) and bool(status.search(line.text)) for line in lines]
    for at, (line, following) in enumerate(zip(lines, [*lines[1:], Line(0, "", "")], strict=False)):
        is_near = any(near[max(0, at - 3) : at + 1])
        coded = {word for pair in CODED.findall(line.marked) for word in pair if word and is_near}
        for word in words_of(line.text, following.text, known, enums, coded):
            found.setdefault(word, line.number)
    return found


def is_known(word: Word, known: Mapping[Word, int]) -> bool:
    """Whether a word of a page is in the spec."""
    if word.kind == "path":
        return any(word.text in (other.text, other.text.partition(" ")[2]) for other in known)
    kinds = {
        "word": ("word", "field"),
        "mention": ("word", "field", "header"),
        "mentioned response": ("response",),
    }.get(word.kind, (word.kind,))
    return bool(COMMON_HEADERS.fullmatch(word.text)) or any(Word(kind, word.text) in known for kind in kinds)


def ignored(document: Any, operations: Iterable[Operation]) -> dict[str, int]:
    """The words to ignore for some operations, each with its line in the spec."""
    found: dict[str, int] = {}
    for holder in (document, *(item[method] for _, method, item in operations)):
        words = holder.get("x-page-ignore", {})
        if not isinstance(words, dict) or not all(isinstance(reason, str) and reason for reason in words.values()):
            raise PageError("x-page-ignore must be a mapping of words to reasons")
        found |= {str(word): line_of(words, word) for word in words}
    return found


def differences(document: Any, lines: list[Line], operations: list[Operation]) -> Iterator[tuple[str, Word, int]]:
    """Side, word and line of each difference between a page and the operations that were written from it."""
    whole, used = vocabulary(document, operations), set[str]()
    headers = {word: line for word, line in page_words(lines, whole).items() if word.kind == "header"}
    titles = [document["info"]["title"], *source(operations[0]).values()]
    names = dict.fromkeys(CAPITALS.findall(" ".join(map(str, titles))), 0)
    rest, groups = set(lines), list[tuple[list[Line], list[Operation], bool]]()
    for section in dict.fromkeys(source(operation).get("section", "") for operation in operations):
        own = [operation for operation in operations if source(operation).get("section", "") == section]
        numbers = tuple(f"{number}." for number in re.findall(r"[\d.]*\d", section))
        part = [line for line in lines if not numbers or f"{line.section}.".startswith(numbers)]
        if part:
            groups.append((part, own, True))
        else:
            used |= ignored(document, own).keys()
            yield "spec", Word("section", section), line_of(source(own[0]), "section")
        rest -= set(part)
    for part, own, is_whole in (*groups, (sorted(rest), operations, False)):
        known, right = vocabulary(document, own), ignored(document, own) | names
        there = page_words(part, whole if not is_whole else known)
        found = [("page", word, line) for word, line in there.items() if not is_known(word, known)]
        there |= headers
        paths_there = {word.text for word in there if word.kind == "path"}
        for word, line in known.items() if is_whole else ():
            is_there = word in there or word.kind == "listed" or word.text.partition(" ")[2] in paths_there
            found += [] if is_there else [("spec", word, line)]
        used |= {name for _, word, _ in found for name in (word.text, " ".join(word))}
        yield from (entry for entry in found if not right.keys() & {entry[1].text, " ".join(entry[1])})
    for text, line in ignored(document, operations).items():
        if text not in used:
            yield "ignore", Word("word", text), line


def source(operation: Operation) -> Any:
    """The x-source of an operation."""
    _, method, item = operation
    return item[method].get("x-source", {})


def document_digest(path: Path) -> str:
    """The SHA-256 of a vendor's OpenAPI document, in four parts."""
    return grouped_sha256(path.read_bytes())


def shape_of(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^{}]*\}", "{}", path).rstrip("/")


def document_differences(spec: Path, document: Any, page: Path, theirs: Any) -> Iterator[Finding]:
    """What differs between a spec's operations and those of the vendor's own document, by method and path."""
    there = {
        (method, shape_of(path)): (path, method, item)
        for path, item in theirs.get("paths", {}).items()
        for method in METHODS
        if method in item
    }
    for path, item in (document.get("paths") or {}).items():
        for method in [method for method in METHODS if method in item]:
            own, shape = (path, method, item), shape_of(path)
            same = [key for key in there if key[0] == method and (key[1].endswith(shape) or shape.endswith(key[1]))]
            right = ignored(document, [own])
            if not same:
                yield Finding("spec", "path", f"{method.upper()} {path}", str(spec), line_of(item, method))
                continue
            other = there[max(same, key=lambda key: (key[1] == shape, len(key[1])))]
            ours, others = (
                {word: line for word, line in vocabulary(whole, [operation]).items() if word.kind not in NOT_COMPARED}
                for whole, operation in ((document, own), (theirs, other))
            )
            found = [("spec", word, str(spec), line) for word, line in ours.items() if word not in others]
            found += [("page", word, str(page), line) for word, line in others.items() if word not in ours]
            for side, word, file, line in found:
                if not right.keys() & {word.text, " ".join(word)}:
                    yield Finding(side, *word, file, line)


def document_report(spec: Path, document: Any, page: Path) -> dict[str, Any]:
    """What there is to say of a vendor's own OpenAPI document."""
    try:
        theirs = YAML().load(decoded(page))
    except (YAMLError, RecursionError) as error:
        raise PageError(f"{page} is not YAML or JSON: {yaml_problem(error)}") from error
    if not isinstance(theirs, dict) or not str(theirs.get("openapi", "")).startswith("3."):
        raise PageError(f"{page} is not an OpenAPI 3 document")
    try:
        findings = sorted(set(document_differences(spec, document, page, theirs)))
    except (AttributeError, LookupError, Problem, TypeError) as error:
        raise PageError(f"{page} cannot be compared: {type(error).__name__}: {error}") from error
    hashed = document_digest(page)
    operations = [
        item[method] for item in (document.get("paths") or {}).values() for method in METHODS if method in item
    ]
    sources = [operation.get("x-source", {}) for operation in operations]
    kept = {str(each["sha256"]) for each in sources if each.get("document") == page.name and "sha256" in each}
    found = {"page": str(page), "title": theirs["info"]["title"], "sha256": hashed, "unchanged": kept == {hashed}}
    found |= {"changed": bool(kept - {hashed}), "new_lines": [], "gone_lines": 0, "kept": sorted(kept), "hashes": {}}
    return found | {"findings": sorted(findings, key=lambda finding: (finding.file, finding.line, finding))}


def report(spec: Path, document: Any, page: Path) -> dict[str, Any]:
    """What there is to say of a page."""
    if page.suffix.lower() in {".yaml", ".yml", ".json"}:
        return document_report(spec, document, page)
    lines = read_page(page)
    paths = (document.get("paths") or {}) | (document.get("webhooks") or {})
    by_title: dict[str, list[Operation]] = {}
    for path, item in paths.items():
        for method in (method for method in METHODS if method in item):
            title = str(source((path, method, item)).get("title", ""))
            by_title.setdefault(title.casefold(), []).append((path, method, item))
    title = next((text for line in lines if (text := " ".join(line.text.split()).casefold()) in by_title), "")
    if not title:
        raise PageError(f"{page} contains no title of a page of {spec}: {', '.join(by_title) or 'none'}")
    operations = by_title[title]
    findings = [
        Finding(side, *word, str(page if side == "page" else spec), line)
        for side, word, line in differences(document, lines, operations)
    ]
    hashed, name = digest(lines), source(operations[0])["title"]
    before = recorded(spec).get(name, {})
    kept = {str(source(operation)["sha256"]) for operation in operations if "sha256" in source(operation)}
    known = {*before.get("lines", ())}
    hashes = {line.number: line_hash(line.text) for line in lines}
    everywhere = all("sha256" in source(operation) for operation in operations) or bool(before)
    changed = bool((kept | {*([before["sha256"]] if before else [])}) - {hashed})
    return {
        "page": str(page),
        "title": name,
        "sha256": hashed,
        "unchanged": everywhere and not changed,
        "changed": changed,
        "new_lines": [number for number, value in hashes.items() if value not in known] if known and changed else [],
        "gone_lines": len(known - {*hashes.values()}) if changed else 0,
        "findings": sorted(set(findings), key=lambda finding: (finding.file, finding.line, finding)),
        "kept": sorted(kept),
        "hashes": hashes,
    }


def text_report(report: dict[str, Any]) -> Iterator[str]:
    """What is said of a page whose text is not the one that the spec was written from."""
    new = report["new_lines"]
    yield from (f"{report['page']}:{number}: the line is new or changed" for number in new[:20])
    if len(new) > 20:
        yield f"{report['page']}: {len(new) - 20} more lines are new"
    if report["gone_lines"]:
        yield f"{report['page']}: {report['gone_lines']} recorded lines are gone"
    if not new and not report["gone_lines"]:
        yield f"{report['page']}: the text has changed; after --record, later runs name the changed lines"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 if something was found, or 3 if a file cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", type=Path)
    parser.add_argument("pages", type=Path, nargs="+", metavar="PAGE")
    parser.add_argument("--record", action="store_true", help="keep the digests and hashes of lines beside the spec")
    parser.add_argument("--json", action="store_true", help="write JSON")
    options = parser.parse_args(argv)
    try:
        read_spec(options.spec)
        document = YAML().load(options.spec)
        reports = [report(options.spec, document, page) for page in options.pages]
        if options.record:
            record(options.spec, reports)
            reports = [each | {"changed": False} for each in reports]
    except (GenerationError, PageError, OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 3
    if options.json:
        private = {"kept", "hashes"}
        shown = [{key: value for key, value in each.items() if key not in private} for each in reports]
        as_data = [{**each, "findings": [finding._asdict() for finding in each["findings"]]} for each in shown]
        print(json.dumps({"pages": as_data}, indent=2))
    for each in () if options.json else reports:
        print(*each["findings"], sep="\n", end="\n" if each["findings"] else "")
        print(*text_report(each), sep="\n", end="\n") if each["changed"] else None
        state = "unchanged since it was read" if each["unchanged"] else f"sha256 {each['sha256']}"
        print(f"{each['title']}: {len(each['findings'])} differences; {state}")
    return int(any(each["findings"] or each["changed"] for each in reports))


if __name__ == "__main__":
    sys.exit(main())
