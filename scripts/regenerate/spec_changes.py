"""Comparing specs and terminal tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from findings import Change, Finding, Place, grouped_by_cause, in_order, worst_of
from generate import member_names
from spec_tree import (
    DOCS,
    FLAGS,
    SERIES,
    SHAPES,
    Json,
    Node,
    Pair,
    enums_within,
    model_nodes,
    models_within,
    normalized,
    operation_nodes,
    pairs,
    preamble,
    users,
)
from terminal_tables import JobTable

LIMITS = re.compile(
    "pattern|multipleOf|uniqueItems|format|(min|max)(Length|Items|Properties|Contains|imum)|exclusive(Min|Max)imum"
)
ASSERTIONS = {  # what the generator passes over, and a server holds requests against
    *("contains", "dependentRequired", "dependentSchemas", "discriminator", "else", "if", "not", "patternProperties"),
    *("contentEncoding", "contentMediaType", "contentSchema", "prefixItems", "propertyNames", "then"),
    *("unevaluatedItems", "unevaluatedProperties"),
}
REREAD = "x-source.read"
UNKNOWN = "programs that use it fail"
GONE = {  # what becomes of programs that use it
    "operation": "importing it fails",
    "model": "importing it fails",
    "field": "neither passing nor reading it works",
    "argument": "calls that pass it fail",
    "word": "naming its member fails",
    "header": "programs that read it get nothing",
}
MOVED = {
    "call": "Calls go to another address: servers and stand-ins that know only the old one do not answer.",
    "tag": "It is in another module: importing it from the old one fails.",
    "in": "It goes to another part of the request: servers and stand-ins that look in the old one do not find it.",
}


@dataclass(frozen=True)
class Side:
    """What is compared: the specs by vendor, and the kinds of job by name."""

    specs: dict[str, Json]
    jobs: dict[str, JobTable]
    numbered: bool = True  # whether its enums may have numbered the members whose words begin with no letter


def compare_specs(vendor: str, old: Json, new: Json, *, numbered: bool = True) -> Iterator[Finding]:
    """What differs between two versions of a vendor's spec."""
    models = list(pairs(model_nodes(old), model_nodes(new)))
    everywhere = Place(vendor, "*", numbered=numbered, renamed={pair.name: pair.now for pair in models if pair.old})
    yield from compare_part(everywhere, "", preamble(old), preamble(new))
    for pair in pairs(operation_nodes(old), operation_nodes(new)):
        is_webhook = "webhook" in {node.what for node in (pair.old, pair.new) if node}
        place = replace(everywhere, operation=pair.name, sent=is_webhook)
        yield from compare_pair(place, "operation", pair)
    was, will = users(old), users(new)
    for pair in models:
        used = {sent: was.get((pair.name, sent)) or will.get((pair.now, sent)) for sent in (True, False)}
        worst: dict[str, Finding] = {}
        for sent in [sent for sent in used if used[sent]] or [True, False]:
            place = replace(everywhere, operation=", ".join(sorted(used[sent] or "*")), sent=sent)
            for finding in compare_pair(place, pair.name, pair):
                worst[finding.where] = worst_of(worst.get(finding.where, finding), finding)
        yield from worst.values()


def compare_pair(place: Place, where: str, pair: Pair) -> Iterator[Finding]:
    """Compare a part with what has become of it."""
    old, new = pair.old, pair.new
    name, now = (each.removeprefix("parameter ").removeprefix(".") for each in (pair.name, pair.now))
    who = name if where == "operation" else where.removeprefix("parameter ")
    if old is None and new is not None:
        demanded = bool(new.aspects.get("required")) and (place.sent or is_argument_of_its_model(new))
        how = "that has to be passed" if place.sent else "that its model's constructor demands"
        message = f"There is a new {new.what}, {who}{f', {how}' if demanded else ''}."
        yield place.finding(demanded, where, (None, now), message)
    elif old is not None and new is None:
        yield place.finding(True, where, (name, None), f"The {old.what} {who} is gone: {GONE.get(old.what, UNKNOWN)}.")
    elif old is not None and new is not None:
        if now != name:
            message = f"The {old.what} {who} is now called {now}: {GONE.get(old.what, UNKNOWN)}."
            yield place.finding(True, where, (name, now), message)
        yield from compare_part(place, "" if where == "operation" else where, old, new)


def compare_part(place: Place, where: str, old: Node, new: Node) -> Iterator[Finding]:
    """Compare what two versions of a part say, and their own parts."""
    olds, news = with_numeric_limits(old.aspects, new.aspects)
    for key in {**olds, **news}:
        flag = False if key.rpartition(" ")[2] in FLAGS else None
        before, after = olds.get(key, flag), news.get(key, flag)
        if key == "type":
            yield from compare_types(place, where, before or {}, after or {})
        elif before != after and not key.startswith("x-"):  # which only tools read
            yield assess(place, where, key, (before, after), new)
    yield from compare_members(place, where, old, new)
    shapes = [{label for label in node.aspects.get("type", ()) if label.startswith(SHAPES)} for node in (old, new)]
    if shapes[0] == shapes[1]:
        for pair in pairs(old.parts, new.parts):
            # The SDK sends what an operation asks for and reads what it answers; of a webhook it is the reverse.
            turned = {node.what for node in (pair.old, pair.new) if node} & {"argument", "body"}
            there = replace(place, sent=not place.sent) if turned else place
            if pair.new is None and pair.old and pair.old.what == "response" and is_under_another_code(pair.old, new):
                message = f"The {pair.name} is gone; what it answered stands under another code, or was nothing."
                yield place.finding(False, f"{where}{pair.name}", (pair.name, None), message)
            else:
                yield from compare_pair(there, f"{where}{pair.name}", pair)


def with_numeric_limits(old: Json, new: Json) -> tuple[Json, Json]:
    """Aspects with exclusive limits as OpenAPI 3.1 has them, if one of the two has them so: as numbers, not flags."""
    both = dict(old), dict(new)
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        is_number = any(not isinstance(each.get(exclusive, False), bool) for each in both)
        for each in both:
            if is_number and each.get(exclusive) is True and limit in each:
                each[exclusive] = each.pop(limit)
    return both


def is_argument_of_its_model(node: Node) -> bool:
    """Whether the constructor of a field's model demands the field, if it is required: a default spares it."""
    return node.what == "field" and node.aspects.get("default") is None


def shape(node: Node) -> Json:
    """The types of a node and of its parts; of a response, those of its body."""
    parts = {name: shape(part) for name, part in node.parts.items() if part.what != "header"}
    return {"type": node.aspects.get("type"), "parts": parts}


def is_under_another_code(response: Node, operation: Node) -> bool:
    """Whether an operation answers what a response held under another code, too."""
    own = shape(response)
    others = (part for part in operation.parts.values() if part.what == "response")
    return not own["parts"] or any(shape(other) == own for other in others)


def compare_members(place: Place, where: str, old: Node, new: Node) -> Iterator[Finding]:
    """Compare the names of an enum's members: those of words that begin with no letter may have been numbers."""
    before, after = (node.aspects.get("x-words", []) for node in (old, new))
    if not before or not after:
        return
    were, are = member_names(before), member_names(after)
    changed = [f"{word} was {were[word]}, is {are[word]}" for word in were if were[word] != are.get(word, were[word])]
    if place.numbered:
        pairs_ = [enumerate(words) for words in (before, after)]
        was, now = ({f"VALUE_{at}": word for at, word in each if not word[:1].isalpha()} for each in pairs_)
        message = "{} was {} where members are numbered, and {} stands there now"
        changed += [message.format(name, was[name], now[name]) for name in was if was[name] != now.get(name, was[name])]
    if changed:
        who = where or place.operation
        message = f"Members of {who} have changed their names or meanings: {'; '.join(changed[:3])}."
        yield place.finding(True, f"{where} members".strip(), (before, after), message)


def compare_types(place: Place, where: str, old: Json, new: Json) -> Iterator[Finding]:
    """Compare the types that a value can have."""
    types = " | ".join(old), " | ".join(new)
    olds = {place.renamed.get(label, label): wide for label, wide in old.items()}
    lost = [label for label, wide in olds.items() if label not in new and not new.keys() & {*wide}]
    gained = [label for label, wide in new.items() if label not in olds and not olds.keys() & {*wide}]
    if lost and gained:
        yield place.finding(True, where, types, f"{where} is of another type.")
    elif lost:
        message = (
            "takes {}." if place.sent else "comes as {}: code that is typed for it no longer passes its type check."
        )
        yield place.finding(True, where, types, f"{where} no longer {message.format(' or '.join(lost))}")
    elif gained:
        message = (
            "takes {} as well." if place.sent else "can come as {} as well: programs that read it have to expect that."
        )
        yield place.finding(not place.sent, where, types, f"{where} {message.format(' or '.join(gained))}")


def server_paths(servers: list[Json] | None) -> list[str]:
    """The paths of servers, whatever their hosts; variables stand for their defaults."""
    found = []
    for server in servers or [{"url": ""}]:
        url = server.get("url", "")
        for name, variable in server.get("variables", {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        found.append(re.sub(r"^(\w+:)?//[^/]*", "", url).rstrip("/"))
    return found


def is_tighter(key: str, old: Any, new: Any) -> bool:
    """Whether a limit lets less through than it did."""
    if new is None or new is False:
        return False
    if old is None or old is False:
        return not (new == 0 and re.fullmatch("min(Length|Items|Properties)", key))
    if isinstance(new, bool) or isinstance(old, bool) or not isinstance(new, int | float):
        return bool(new != old)
    if key == "multipleOf":
        return Fraction(str(old)) % Fraction(str(new)) != 0
    lower, upper = (new, old) if "max" in key.casefold() else (old, new)
    return float(lower) < float(upper)


def assess(place: Place, where: str, aspect: str, change: Change, node: Node) -> Finding:
    """What the change of something that a part says means."""
    old, new = change
    at, key = f"{where} {aspect}".strip(), aspect.rpartition(" ")[2]
    who = where or place.operation
    breaks, bump, message = True, "minor", MOVED.get(key, f"{at} is not what it was: {UNKNOWN}.")
    if key == "title" and any(label.startswith(SHAPES) for label in node.aspects.get("type", ())):
        name = where.rpartition(".")[2]
        breaks = normalized(old or name) != normalized(new or name)
        message, bump = f"{who} has another title", "minor" if breaks else "patch"
        message += ", which names its class in Python: importing it by its old name fails." if breaks else "."
    elif key in {*DOCS, "source"} - {"servers"} or aspect.startswith("example "):
        how = "new" if old is None else "gone" if new is None else "worded differently"
        breaks, bump, message = False, "patch", f"{at} is {how}."
    elif key == "servers":
        lost = [path for path in server_paths(old) if path not in server_paths(new)]
        message = (
            f"Calls go to another path: servers had {lost[0] or '/'}." if lost else "servers is worded differently."
        )
        breaks, bump = bool(lost), "minor" if lost else "patch"
    elif key == "required":
        sending = "has to be passed now" if new else "may be left out now"
        reading = "is sure to come now" if new else "is no longer sure to come: programs may read Unset"
        change = ("required" if old else "optional", "required" if new else "optional")
        if new and not place.sent and is_argument_of_its_model(node):
            reading += ", and the constructor of its model demands it"
        demanded = place.sent or is_argument_of_its_model(node)
        breaks = demanded if new else not place.sent
        message = f"{who} {sending if place.sent else reading}."
    elif key == "deprecated":
        breaks, message = False, f"{who} is {'now' if new else 'no longer'} deprecated."
    elif key == "security":
        closed = bool(new) and {} not in new
        breaks, message = (
            closed and (not old or any(way not in new for way in old)),
            f"{who} has other ways to sign in.",
        )
    elif key in {"readOnly", "writeOnly"}:
        breaks = bool(new) and place.sent == (key == "readOnly")
        message = f"{who} is {'now' if new else 'no longer'} {key}{': ' + UNKNOWN if breaks else ''}."
    elif key == "default":
        breaks, message = place.sent, f"{who} has another value where none is given."
    elif LIMITS.fullmatch(key):
        breaks, message = place.sent and is_tighter(key, old, new), f"{who} has another {key}."
    elif key in ASSERTIONS:
        breaks, message = place.sent and new is not None, f"{who} has another {key}."
    finding = place.finding(breaks, at, change, message, bump)
    if key == "read":
        message = (
            f"The vendor's page was read again, on {new}, and nothing else changed: confirm it, or keep the old date."
        )
        return replace(finding, kind="undecided", where=REREAD, message=message, bump="none")
    return finding


def at_path(models: Json, where: str, node: Node, path: tuple[str, ...], depth: int = 0) -> Iterator[tuple[str, Node]]:
    """The nodes that a path of fields leads to, each with its place; through lists and named models, too."""
    if depth > 40:  # models that hold nothing but each other
        return
    for label in node.aspects.get("type", ()):
        if label in models:
            yield from at_path(models, label, models[label], path, depth + 1)
    if not path:
        yield where, node
        return
    for name, rest in ((f".{path[0]}", path[1:]), ("[]", path)):
        if name in node.parts:
            yield from at_path(models, f"{where}{name}", node.parts[name], rest, depth + 1)


def own_words(node: Node) -> list[str]:
    """The words of a node that is an enum."""
    return [name[1:] for name, part in node.parts.items() if part.what == "word"]


def named_alike(document: Json, models: Json, names: set[str]) -> Iterator[tuple[str, Node]]:
    """The fields and arguments that have one of some names, wherever they stand."""
    for where, node in [*models.items(), *(("", node) for node in operation_nodes(document).values())]:
        for name, part in node.parts.items():
            if name.removeprefix("parameter ").removeprefix(".") in names:
                yield from at_path(models, f"{where}{name}", part, ())


@dataclass(frozen=True)
class StatusWords:
    """The status words that a spec lists for a kind, each with its place; and whether they stand where it reads."""

    places: dict[str, str]
    is_listed: bool
    field: str


def status_words(side: Side, job: JobTable) -> StatusWords:
    """The words where a kind reads its status; if the spec lists none there, those of fields of the same name."""
    document = side.specs.get(job.name.partition(".")[0], {})
    models = model_nodes(document)
    bodies = {name: node for name, node in models.items() if normalized(name) == normalized(job.body)}
    if not job.reads:
        held = {name for root in bodies for name in models_within(models, models[root], {root})}
        enums = [enum for name in sorted(held) for enum in enums_within(name, models[name]).items()]
        where, words = max(enums, key=lambda enum: sum(map(job.decides, enum[1])), default=("", []))
        has_words = any(map(job.decides, words))
        return StatusWords({word: where for word in words if has_words}, has_words, job.body)
    read = [each for path in job.reads for name, node in bodies.items() for each in at_path(models, name, node, path)]
    places = {word: where for where, node in read for word in own_words(node)}
    place = ".".join((job.body, *job.reads[-1]))
    if places:
        return StatusWords(places, True, place)
    for where, node in named_alike(document, models, {path[-1] for path in job.reads}):
        if any(map(job.decides, own_words(node))):
            places |= dict.fromkeys(own_words(node), where)
    for enum in (enum for name, node in models.items() for enum in enums_within(name, node).items()):
        decided = sum(map(job.decides, enum[1]))
        if decided > max(2, len(enum[1]) / 2):  # words of another object that the tables all but know
            places = dict.fromkeys(enum[1], enum[0]) | places
    for where, node in read:
        for series in SERIES.findall(str(node.aspects.get("description") or "")):
            members = [word for word in re.findall(r"[\w-]+", series) if word not in {"or", "and"}]
            if sum(map(job.decides, members)) > 1:
                places |= {word: where for word in members if word not in places}
    return StatusWords(places, False, place)


def unchecked(old: Side, new: Side) -> list[str]:
    """The kinds whose specs have changed, but do not list the status words where the kind reads them."""
    found = []
    for name, job in new.jobs.items():
        vendor = name.partition(".")[0]
        if vendor in new.specs and old.specs.get(vendor) != new.specs[vendor]:
            words = status_words(new, job)
            if not words.is_listed:
                found.append(
                    f"the check for new status words is off for {name}: {words.field} lists none in "
                    f"specs/{vendor}.yaml; give it an enum."
                )
    return found


def compare_tables(old: Side, new: Side) -> Iterator[Finding]:
    """What differs in the overlay's terminal tables, and the words that they have yet to decide about."""
    for name, job in {**old.jobs, **new.jobs}.items():
        vendor = name.partition(".")[0]
        specs = [side.specs.get(vendor, {}) for side in (old, new)]
        if specs[0] == specs[1] and old.jobs.get(name) == new.jobs.get(name):
            continue
        reads = [
            names
            for document in specs
            for (model, _), names in users(document).items()
            if normalized(model) == normalized(job.body)
        ]
        place = Place(vendor, ", ".join(sorted(reads[0])) if reads else name)
        there = tuple(name if name in side.jobs else None for side in (old, new))
        if None in there:
            message = f"Jobs of the kind {name} can {'now' if there[1] else 'no longer'} be waited for."
            finding = place.finding(False, f"{job.module}: {name}", (there[0], there[1]), message)
            yield finding if there[1] else replace(finding, kind="terminal-set", bump="major")
        else:
            was, now = old.jobs[name].fates, new.jobs[name].fates
            for word in [word for word in {**was, **now} if was.get(word) != now.get(word)]:
                message = (
                    f"{name}: {word} now means {now.get(word, 'nothing known')}; it was {was.get(word, 'not known')}."
                )
                where = f"{job.module}: {job.enum}.{word}"
                finding = place.finding(True, where, (was.get(word), now.get(word)), message)
                yield replace(finding, kind="terminal-set")
        if name in new.jobs:
            known = status_words(old, new.jobs[name]).places
            for word, where in status_words(new, new.jobs[name]).places.items():
                if job.decides(word) or word in known:
                    continue
                message = (
                    f"The new word {word} of {name} is in no table: until {job.module} has it in {job.enum} (settled) "
                )
                message += "or in `running`, it passes for running."
                yield replace(place.finding(False, f"{where}.{word}", (None, word), message), kind="undecided")


def compare(old: Side, new: Side) -> list[Finding]:
    """What differs between the specs and the tables of two sides, worst first."""
    found: list[Finding] = []
    for vendor in sorted({*old.specs, *new.specs}):
        if old.specs.get(vendor) == new.specs.get(vendor):
            continue
        if vendor in old.specs and vendor in new.specs:
            found += compare_specs(vendor, old.specs[vendor], new.specs[vendor], numbered=old.numbered)
        else:
            is_new = vendor in new.specs
            message = f"The API {vendor} is {'new' if is_new else 'gone: importing its client fails'}."
            change = (None, vendor) if is_new else (vendor, None)
            found.append(Place(vendor, "*").finding(not is_new, f"specs/{vendor}.yaml", change, message))
    found += compare_tables(old, new)
    undecided = {(finding.vendor, finding.where) for finding in found if finding.kind == "undecided"}
    changed = {
        (finding.vendor, name) for finding in found for name in finding.operation.split(", ") if finding.where != REREAD
    }
    return in_order(
        grouped_by_cause(
            finding
            for finding in found
            if finding.kind != "additive" or (finding.vendor, finding.where) not in undecided
            if finding.where != REREAD or (finding.vendor, finding.operation) not in changed
        )
    )
