"""What the templates promise, shown on a client that is generated from a spec of the tests' own."""

import asyncio
import concurrent.futures
import copy
import datetime
import gc
import http.server
import importlib
import json
import pickle
import pkgutil
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _specs import ROOT, load_generate

HOSTILE = (
    'Q" \' """ \'\'\' \\ \\" \\N{NO} \\U0 {{ 7 * 7 }} {% raw %} {no} %s\n'
    '"""\n__import__(\'os\').mkdir("from the spec")\n#\t"""\u2028\\'
)
MOMENT = {"type": "string", "format": "date-time"}


def operation(name: str, schema: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A path with one operation, whose 200 has this schema."""
    content = {"application/json": {"schema": schema}}
    responses = {"200": {"description": HOSTILE, "content": content}}
    return {"get": {"operationId": name, "tags": ["widgets"], "responses": responses} | fields}


def ref(name: str) -> dict[str, Any]:
    """A reference to a schema of the spec."""
    return {"$ref": f"#/components/schemas/{name}"}


SPEC: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": HOSTILE, "description": HOSTILE, "version": HOSTILE},
    "paths": {
        "/widget": operation("get_widget", ref("Widget"), summary="Read a widget"),
        "/gadget": operation(
            "get_gadget", ref("Widget"), deprecated=True, description=HOSTILE, summary="Read a gadget"
        ),
        "/gizmo": operation("get_gizmo", ref("Widget"), deprecated=True, summary="Read a gizmo"),
        "/note": operation("get_note", ref("Note")),
        "/moment": operation("get_moment", MOMENT),
        "/moments": operation("get_moments", {"type": "array", "items": MOMENT}),
        "/moment-or-null": operation("get_moment_or_null", {"anyOf": [MOMENT, {"type": "null"}]}),
        "/hostile/{id}/'\"\\": operation(
            "../../hostile '\"",
            ref("Hostile"),
            tags=["../../hostile '\""],
            summary=HOSTILE,
            description=HOSTILE,
            parameters=[
                {"name": "id", "in": "path", "required": True, "description": HOSTILE, "schema": {"type": "string"}},
                {
                    "name": "'\"\\ {{ x }}",
                    "in": "query",
                    "description": HOSTILE,
                    "schema": {"type": "string", "default": HOSTILE},
                },
            ],
        ),
    },
    "components": {
        "schemas": {
            "Widget": {
                "type": "object",
                "required": ["made", "state"],
                "properties": {
                    "made": MOMENT,
                    "changed": MOMENT,
                    "ended": {"anyOf": [MOMENT, {"type": "null"}]},
                    "marks": {"type": "array", "items": MOMENT},
                    "state": ref("State"),
                    "level": ref("Level"),
                },
            },
            "Note": {"type": "object", "properties": {"text": {"type": "string"}}},
            "State": {"type": "string", "enum": ["ready", "done"]},
            "Level": {"type": "integer", "enum": [1, 2]},
            "Hostile": {
                "type": "object",
                "title": HOSTILE,
                "description": HOSTILE,
                "example": {"a": HOSTILE},
                "properties": {
                    "'\"\\": {"type": "string", "description": HOSTILE, "default": HOSTILE, "example": HOSTILE},
                    "word": {"type": "string", "description": HOSTILE, "enum": ["a", HOSTILE, '"); import os #']},
                    "constant": {"const": HOSTILE},
                },
            },
        }
    },
}
MADE = "2026-03-02T09:30:00Z"
WIDGET = {"made": MADE, "state": "ready"}


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a client that was generated from the spec."""
    root = tmp_path_factory.mktemp("templates")
    shutil.copytree(ROOT / "scripts" / "regenerate" / "templates", root / "scripts" / "regenerate" / "templates")
    (root / "specs").mkdir()
    (root / "specs" / "widgets.yaml").write_text(json.dumps(SPEC))
    assert load_generate().main(["--root", str(root)]) == 0
    return root / "generated" / "settled_clients" / "widgets"


@dataclass(frozen=True)
class Package:
    """An imported client."""

    package: ModuleType
    models: ModuleType
    types: ModuleType
    errors: ModuleType
    written: list[str]

    def operation(self, name: str) -> ModuleType:
        """The module of one operation."""
        return importlib.import_module(f"{self.package.__name__}.api.widgets.{name}")


@pytest.fixture(scope="session")
def widgets(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    """The client, all of it imported in an empty working directory."""
    folder = tmp_path_factory.mktemp("working directory")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(generated.parent)
        package = importlib.import_module("widgets")
        for module in pkgutil.walk_packages(package.__path__, "widgets."):
            importlib.import_module(module.name)
        models, types, errors = (importlib.import_module(f"widgets.{name}") for name in ("models", "types", "errors"))
        yield Package(package, models, types, errors, [path.name for path in folder.iterdir()])
    for name in [name for name in sys.modules if name.split(".")[0] == "widgets"]:
        del sys.modules[name]


Call = Callable[..., Any]


@pytest.fixture(params=["sync_detailed", "asyncio_detailed"])
def call(request: pytest.FixtureRequest, widgets: Package) -> Call:
    """Calls an operation of a client that always gets the same reply, the sync way and the async way."""

    def call_operation(name: str, status: int, body: bytes, **options: Any) -> Any:
        transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
        client = widgets.package.Client("https://example.com", httpx_args={"transport": transport}, **options)
        answer = getattr(widgets.operation(name), request.param)(client=client)
        return asyncio.run(answer) if asyncio.iscoroutine(answer) else answer

    return call_operation


@pytest.fixture(params=[("State", "paused"), ("State", ""), ("State", "DONE"), ("Level", 7), ("Level", -7)], ids=str)
def unlisted(request: pytest.FixtureRequest, widgets: Package) -> tuple[Any, Any]:
    """An enum of the spec, and a value that it does not list."""
    name, value = request.param
    return getattr(widgets.models, name), value


def test_unlisted_value_is_of_the_enum(unlisted: tuple[Any, Any]) -> None:
    """A value that came after the spec was written has the type that annotations promise."""
    enum, value = unlisted
    assert isinstance(enum(value), enum)


def test_unlisted_value_is_kept(unlisted: tuple[Any, Any]) -> None:
    """The vendor's own word is the value."""
    enum, value = unlisted
    assert enum(value).value == value


def test_unlisted_value_equals_the_plain_one(unlisted: tuple[Any, Any]) -> None:
    """Comparing with the vendor's word works, listed or not."""
    enum, value = unlisted
    assert enum(value) == value == enum(value)


def test_unlisted_value_hashes_as_the_plain_one(unlisted: tuple[Any, Any]) -> None:
    """A set or a dict does not tell one from the other."""
    enum, value = unlisted
    assert {enum(value), enum(value), value} == {value}


def test_unlisted_value_is_no_listed_one(unlisted: tuple[Any, Any]) -> None:
    """Nothing that the spec lists is the same as a value that it does not."""
    enum, value = unlisted
    assert enum(value) not in list(enum)


def test_unlisted_value_does_not_join_the_listed_ones(unlisted: tuple[Any, Any]) -> None:
    """The members are the spec's, whatever a vendor has sent so far."""
    enum, value = unlisted
    listed = list(enum)
    enum(value)
    assert list(enum) == listed


def test_unlisted_value_shows_itself(unlisted: tuple[Any, Any]) -> None:
    """The repr has the enum's name and the value."""
    enum, value = unlisted
    shown = repr(enum(value))
    assert shown.startswith(f"<{enum.__name__}.")
    assert shown.endswith(f": {value!r}>")


def test_unlisted_value_prints_as_the_plain_one(unlisted: tuple[Any, Any]) -> None:
    """Text for people holds the vendor's word and nothing around it."""
    enum, value = unlisted
    assert f"{enum(value)}" == str(value)


COPIES = [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]  # noqa: S301 - dumped just now


@pytest.mark.parametrize("take", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_unlisted_value_survives_copying(unlisted: tuple[Any, Any], take: Callable[[Any], Any]) -> None:
    """Copies and pickles are the same value of the same type."""
    enum, value = unlisted
    taken = take(enum(value))
    assert (type(taken), taken.value, taken.name) == (enum, value, enum(value).name)


def test_unlisted_value_is_json(unlisted: tuple[Any, Any]) -> None:
    """A JSON encoder takes it for the plain value."""
    enum, value = unlisted
    assert json.loads(json.dumps(enum(value))) == value


def test_unlisted_word_is_its_own_name(widgets: Package) -> None:
    """A name is never missing."""
    assert widgets.models.State("paused").name == "paused"


def test_unlisted_number_is_named_like_the_listed_ones(widgets: Package) -> None:
    """The names of numbers are made the generator's way."""
    assert [level.name for level in map(widgets.models.Level, (1, 7))] == ["VALUE_1", "VALUE_7"]


@pytest.mark.parametrize("value", [None, 7, 1.5, b"ready", ["ready"], {}])
def test_only_text_is_a_word(widgets: Package, value: object) -> None:
    """What is no text at all is not an unknown word but a mistake."""
    with pytest.raises(ValueError, match="is not a valid State"):
        widgets.models.State(value)


@pytest.mark.parametrize("value", [None, "1", 1.5, [1]])
def test_only_an_integer_is_a_number(widgets: Package, value: object) -> None:
    """What is no integer at all is not an unknown number but a mistake."""
    with pytest.raises(ValueError, match="is not a valid Level"):
        widgets.models.Level(value)


def test_listed_values_are_members(widgets: Package) -> None:
    """The spec's own words and numbers are what they always were."""
    models = widgets.models
    assert (models.State("ready"), models.Level(2)) == (models.State.READY, models.Level.VALUE_2)
    assert models.State("ready") is models.State.READY


def test_unlisted_values_decode_and_encode(widgets: Package) -> None:
    """A model goes from JSON to JSON with values that the spec does not list."""
    sent = WIDGET | {"state": "paused", "level": 7}
    assert widgets.models.Widget.from_dict(sent).to_dict() == sent


SECRET = "the-secret"


@pytest.mark.parametrize(
    "take",
    COPIES,
    ids=["copy", "deepcopy", "pickle"],
)
def test_copied_model_encodes_as_before(widgets: Package, take: Callable[[Any], Any]) -> None:
    """A field that was left out stays left out."""
    assert take(widgets.models.Note.from_dict({})).to_dict() == {}


@pytest.fixture(params=["Client", "AuthenticatedClient"])
def client_class(request: pytest.FixtureRequest, widgets: Package) -> Any:
    """Both classes of client."""
    return getattr(widgets.package, request.param)


@pytest.mark.parametrize(
    "kept",
    [
        {"headers": {"authorization": SECRET}},
        {"cookies": {"session": SECRET}},
        {"httpx_args": {"auth": ("user", SECRET)}},
        {"extensions": {"key": SECRET}},
    ],
    ids=lambda kept: next(iter(kept)),
)
def test_repr_shows_no_secret(client_class: Any, kept: dict[str, Any]) -> None:
    """A client can be logged, whatever carries the credentials."""
    assert SECRET not in repr(client_class("https://example.com", **kept))


def test_repr_shows_no_token(widgets: Package) -> None:
    """The token is not shown, not even once it has become a header or has gone into a copy."""
    client = widgets.package.AuthenticatedClient("https://example.com", token=SECRET)
    client.get_httpx_client()
    assert SECRET not in repr(client) + repr(client.with_headers({"x": "y"}))


def test_repr_shows_no_password_of_the_url(client_class: Any) -> None:
    """Credentials within the URL are credentials too."""
    assert SECRET not in repr(client_class(f"https://user:{SECRET}@example.com"))


def test_repr_shows_the_host(client_class: Any) -> None:
    """A client in a log can be told from that of another tenant."""
    assert "https://example.com" in repr(client_class("https://example.com"))


def test_token_is_sent(widgets: Package) -> None:
    """The token goes into the Authorization header."""
    client = widgets.package.AuthenticatedClient("https://example.com", token=SECRET)
    assert client.get_httpx_client().headers["authorization"] == f"Bearer {SECRET}"


def test_without_token_nothing_is_sent(widgets: Package) -> None:
    """An empty token leaves the header to whatever signs the request."""
    client = widgets.package.AuthenticatedClient("https://example.com")
    assert "authorization" not in client.get_httpx_client().headers


def test_token_does_not_spread(widgets: Package) -> None:
    """Headers that two clients are made with do not carry the token of one to the host of the other."""
    headers = {"x": "y"}
    widgets.package.AuthenticatedClient("https://example.com", token=SECRET, headers=headers).get_httpx_client()
    other = widgets.package.Client("https://example.org", headers=headers)
    assert "authorization" not in other.get_httpx_client().headers


UNDECODABLE = [
    pytest.param(b"<title>Bad gateway</title>", id="HTML"),
    pytest.param(b'{"made": "2026-', id="truncated JSON"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"\xff\xfe\xfa", id="bytes"),
    pytest.param(b"[" * 100_000, id="endless JSON"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="array"),
    pytest.param(b'"ready"', id="text"),
    pytest.param(b"7", id="number"),
    pytest.param(b"{}", id="required fields left out"),
    pytest.param(json.dumps(WIDGET | {"made": "soon"}).encode(), id="no moment"),
    pytest.param(json.dumps(WIDGET | {"made": 1772443800}).encode(), id="moment as a number"),
    pytest.param(json.dumps(WIDGET | {"state": None}).encode(), id="no word"),
    pytest.param(json.dumps(WIDGET | {"level": "high"}).encode(), id="word for a number"),
    pytest.param(json.dumps(WIDGET | {"marks": 7}).encode(), id="no list"),
]
UNDOCUMENTED = [299, 302, 404, 500, 520, 599, 999]


@pytest.mark.parametrize("status", UNDOCUMENTED)
def test_any_status_is_an_answer(call: Call, status: int) -> None:
    """A status that the spec does not list, or even HTTP, comes back as a number."""
    answer = call("get_widget", status, b"no")
    assert (answer.status_code, answer.parsed, answer.content) == (status, None, b"no")


@pytest.mark.parametrize("status", UNDOCUMENTED)
def test_undocumented_status_raises_on_demand(widgets: Package, call: Call, status: int) -> None:
    """The client that asks for it gets an exception with the status."""
    with pytest.raises(widgets.errors.UnexpectedStatus) as caught:
        call("get_widget", status, b"no", raise_on_unexpected_status=True)
    assert (caught.value.status_code, caught.value.content) == (status, b"no")


@pytest.mark.parametrize("body", UNDECODABLE)
def test_undecodable_body_is_an_answer(call: Call, body: bytes) -> None:
    """The status and the bytes of a reply are there even if its body is not what the spec says."""
    answer = call("get_widget", 200, body)
    assert (answer.status_code, answer.parsed, answer.content) == (200, None, body)


@pytest.mark.parametrize("body", UNDECODABLE)
def test_undecodable_body_raises_on_demand(widgets: Package, call: Call, body: bytes) -> None:
    """The client that asks for it gets an exception with the bytes."""
    with pytest.raises(widgets.errors.UnexpectedBody) as caught:
        call("get_widget", 200, body, raise_on_unexpected_status=True)
    assert (caught.value.status_code, caught.value.content) == (200, body)


def test_documented_reply_is_parsed(widgets: Package, call: Call) -> None:
    """What the spec says becomes its model."""
    answer = call("get_widget", 200, json.dumps(WIDGET).encode(), raise_on_unexpected_status=True)
    assert isinstance(answer.parsed, widgets.models.Widget)


@pytest.mark.anyio
async def test_the_parsed_value_alone_can_be_asked_for(widgets: Package) -> None:
    """The short forms answer the model without the reply around it."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=WIDGET))
    client = widgets.package.Client("https://example.com", httpx_args={"transport": transport})
    module = widgets.operation("get_widget")
    assert (
        (await module.asyncio(client=client)) == module.sync(client=client) == widgets.models.Widget.from_dict(WIDGET)
    )


FORMS = ["sync_detailed", "sync", "asyncio_detailed", "asyncio"]


def call_once(widgets: Package, name: str, form: str) -> list[warnings.WarningMessage]:
    """The warnings that one call of an operation gives."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=WIDGET))
    client = widgets.package.Client("https://example.com", httpx_args={"transport": transport})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = getattr(widgets.operation(name), form)(client=client)
        if asyncio.iscoroutine(answer):
            asyncio.run(answer)
    return caught


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["get_gadget", "get_gizmo"])
def test_deprecated_operation_warns(widgets: Package, name: str, form: str) -> None:
    """Whoever calls it is told, at the place of the call."""
    (first, *_) = call_once(widgets, name, form)
    assert (first.category, first.filename) == (DeprecationWarning, __file__)


@pytest.mark.parametrize("form", ["sync", "asyncio"])
def test_deprecated_operation_warns_once(widgets: Package, form: str) -> None:
    """The generated code itself does nothing that deserves a warning."""
    assert len(call_once(widgets, "get_gadget", form)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_deprecated_operation_is_marked(widgets: Package, form: str) -> None:
    """Type checkers and editors see what the spec says about it."""
    assert getattr(widgets.operation("get_gizmo"), form).__deprecated__ == "Deprecated: Read a gizmo"


@pytest.mark.parametrize("form", FORMS)
def test_other_operations_are_not_marked(widgets: Package, form: str) -> None:
    """An operation that is not deprecated has no mark."""
    assert not hasattr(getattr(widgets.operation("get_widget"), form), "__deprecated__")


@pytest.mark.parametrize("form", FORMS)
def test_other_operations_do_not_warn(widgets: Package, form: str) -> None:
    """An operation that is not deprecated is called in silence."""
    assert call_once(widgets, "get_widget", form) == []


HALF_PAST_NINE = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize("digits", range(10))
def test_fraction_of_any_length(widgets: Package, digits: int) -> None:
    """A fraction has 0 to 9 digits; those past the sixth are dropped."""
    fraction = "987654321"[:digits]
    moment = widgets.types.parse_timestamp(f"2026-03-02T09:30:00{'.' if digits else ''}{fraction}Z")
    assert moment == HALF_PAST_NINE.replace(microsecond=int(fraction.ljust(6, "0")[:6]))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:30:00Z", HALF_PAST_NINE),
        ("2026-03-02T09:30:00z", HALF_PAST_NINE),
        ("2026-03-02 09:30:00Z", HALF_PAST_NINE),
        ("2026-03-02T09:30Z", HALF_PAST_NINE),
        ("2026-03-02T09:30:00+00:00", HALF_PAST_NINE),
        ("2026-03-02T15:00:00+05:30", HALF_PAST_NINE.astimezone(INDIA)),
        ("2026-03-02T15:00:00+0530", HALF_PAST_NINE.astimezone(INDIA)),
        ("20260302T093000Z", HALF_PAST_NINE),
        ("2026-03-02T09:30:00", HALF_PAST_NINE.replace(tzinfo=None)),
        ("2026-03-02", datetime.datetime(2026, 3, 2)),
        ("2026-03", datetime.datetime(2026, 3, 1)),
        ("2026-03-01T24:00Z", datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)),
        ("2026-03-01T24:00", datetime.datetime(2026, 3, 2)),
    ],
)
def test_forms_of_a_timestamp(widgets: Package, text: str, moment: datetime.datetime) -> None:
    """ISO 8601 in the forms that vendors use, with Z, with an offset or without a zone."""
    parsed = widgets.types.parse_timestamp(text)
    assert (parsed, parsed.utcoffset()) == (moment, moment.utcoffset())


@pytest.mark.parametrize(
    "text",
    ["", "soon", "Z", "2026-02-30", "2026-03-02T25:00", "2026-03-02T09:30:00+99:99", "2026-03-02T09:30 CET", "٢"],
)
def test_nonsense_is_no_timestamp(widgets: Package, text: str) -> None:
    """What is no date and time raises a ValueError."""
    with pytest.raises(ValueError, match="not an ISO 8601 date and time"):
        widgets.types.parse_timestamp(text)


@pytest.mark.parametrize("text", ["9999-12-31T24:00", "9999-W53"])
def test_the_end_of_time_is_no_timestamp(widgets: Package, text: str) -> None:
    """A moment past the last that there is raises a ValueError."""
    with pytest.raises(ValueError, match="not an ISO 8601 date and time"):
        widgets.types.parse_timestamp(text)


def decoded(widgets: Package, **fields: Any) -> Any:
    """A widget that came with these fields."""
    return widgets.models.Widget.from_dict(WIDGET | fields)


def test_required_timestamp_decodes(widgets: Package) -> None:
    """A required field becomes a datetime."""
    assert decoded(widgets).made == HALF_PAST_NINE


def test_optional_timestamp_decodes(widgets: Package) -> None:
    """A field that may be left out becomes a datetime, or is unset."""
    assert (decoded(widgets, changed=MADE).changed, decoded(widgets).changed) == (HALF_PAST_NINE, widgets.types.UNSET)


def test_nullable_timestamp_decodes(widgets: Package) -> None:
    """A field that may be null becomes a datetime or None."""
    assert (decoded(widgets, ended=MADE).ended, decoded(widgets, ended=None).ended) == (HALF_PAST_NINE, None)


def test_list_of_timestamps_decodes(widgets: Package) -> None:
    """Every item of a list becomes a datetime."""
    assert decoded(widgets, marks=[MADE, MADE]).marks == [HALF_PAST_NINE, HALF_PAST_NINE]


def test_utc_encodes_as_z(widgets: Package) -> None:
    """Wherever a UTC timestamp stands, it is written the way vendors write it."""
    sent = WIDGET | {"changed": MADE, "ended": MADE, "marks": [MADE, "2026-03-02T09:30:00.250000Z"]}
    assert decoded(widgets, **sent).to_dict() == sent


@pytest.mark.parametrize("made", ["2026-03-02T15:00:00+05:30", "2026-03-02T09:30:00", "2026-03-02T09:30:00-00:30"])
def test_other_zones_encode_as_they_came(widgets: Package, made: str) -> None:
    """An offset is kept, and a missing one stays missing."""
    assert decoded(widgets, made=made).to_dict()["made"] == made


@given(
    made=st.datetimes(
        timezones=st.none() | st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m)))
    )
)
def test_encoded_timestamps_decode(widgets: Package, made: datetime.datetime) -> None:
    """Every moment comes back from JSON as it went."""
    back = decoded(
        widgets, made=widgets.models.Widget(made=made, state=widgets.models.State.READY).to_dict()["made"]
    ).made
    assert (back, back.utcoffset()) == (made, made.utcoffset())


BARE = {
    "get_moment": (MADE, HALF_PAST_NINE),
    "get_moments": ([MADE, MADE], [HALF_PAST_NINE, HALF_PAST_NINE]),
    "get_moment_or_null": (MADE, HALF_PAST_NINE),
}


@pytest.mark.parametrize(
    "name",
    ["get_moment", "get_moments", "get_moment_or_null"],
)
def test_bare_timestamps_decode(call: Call, name: str) -> None:
    """A reply that is nothing but timestamps decodes as a field does."""
    sent, moments = BARE[name]
    assert call(name, 200, json.dumps(sent).encode()).parsed == moments


@pytest.fixture
def host() -> Iterator[str]:
    """The URL of a server that answers every request with a widget and keeps connections open."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(WIDGET).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_closed_client_can_be_used_again(widgets: Package, host: str) -> None:
    """Leaving a `with` closes connections, not the client."""
    client = widgets.package.Client(host)
    for _ in range(2):
        with client:
            assert widgets.operation("get_widget").sync_detailed(client=client).status_code == 200


def test_threads_that_race_share_one_client(widgets: Package, host: str) -> None:
    """However many threads ask a fresh client at the same time, or one that was closed, one httpx client is made."""
    made: list[httpx.Client] = []

    def make(**arguments: Any) -> httpx.Client:
        time.sleep(0.05)
        made.append(httpx.Client(**arguments))
        return made[-1]

    client = widgets.package.Client(host, make_httpx_client=make)
    for rounds in (1, 2):
        together = threading.Barrier(8)

        def ask(_: int, together: threading.Barrier = together) -> httpx.Client:
            together.wait()
            found: httpx.Client = client.get_httpx_client()
            return found

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            found = set(threads.map(ask, range(8)))
        assert found == {made[-1]}
        assert len(made) == rounds
        client.close()


def test_closed_async_client_can_be_used_again(widgets: Package, host: str) -> None:
    """Leaving an `async with` closes connections, not the client."""
    client = widgets.package.Client(host)

    async def main() -> list[int]:
        codes = []
        for _ in range(2):
            async with client:
                codes.append((await widgets.operation("get_widget").asyncio_detailed(client=client)).status_code)
        return codes

    assert asyncio.run(main()) == [200, 200]


@pytest.mark.filterwarnings("ignore:unclosed")  # nobody can close the connections of a loop that has ended
def test_client_outlives_its_event_loop(widgets: Package, host: str) -> None:
    """A client that was left open in one asyncio.run works in the next."""

    def use_twice() -> list[int]:
        client = widgets.package.Client(host)

        async def main() -> int:
            code: int = (await widgets.operation("get_widget").asyncio_detailed(client=client)).status_code
            return code

        return [asyncio.run(main()), asyncio.run(main())]

    assert use_twice() == [200, 200]
    gc.collect()


def test_two_loops_have_two_connection_pools(widgets: Package) -> None:
    """Even if the client's first connection pool was made outside of any event loop."""
    client = widgets.package.Client("https://example.com")
    client.get_async_httpx_client()

    async def main() -> httpx.AsyncClient:
        pool: httpx.AsyncClient = client.get_async_httpx_client()
        return pool

    assert asyncio.run(main()) is not asyncio.run(main())


def test_one_loop_has_one_connection_pool(widgets: Package) -> None:
    """Within an event loop the client keeps its connections."""
    client = widgets.package.Client("https://example.com")

    async def main() -> bool:
        async with client:
            return client.get_async_httpx_client() is client.get_async_httpx_client()

    assert asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "argument"),
    [("with_headers", {"x": "y"}), ("with_cookies", {"x": "y"}), ("with_timeout", httpx.Timeout(1))],
)
def test_copies_keep_extensions(client_class: Any, method: str, argument: Any) -> None:
    """What a layer above keeps with a client goes along, shared, when the client is copied."""
    client = client_class("https://example.com", extensions={"pacer": object()})
    assert getattr(client, method)(argument).extensions is client.extensions


def test_copies_are_clients_of_their_own(client_class: Any) -> None:
    """A copy is not equal to what it was copied from."""
    client = client_class("https://example.com")
    assert client.with_headers({}) != client


def test_hostile_text_is_no_syntax_error(generated: Path) -> None:
    """Every generated file compiles without so much as a warning."""
    for path in sorted(generated.rglob("*.py")):
        compile(path.read_text(), path, "exec")


def test_hostile_text_is_no_code(widgets: Package) -> None:
    """Importing the whole client does nothing that the spec's text asks for."""
    assert widgets.written == []


def test_hostile_names_are_no_paths(generated: Path) -> None:
    """Every generated file is within the client's folder."""
    assert {path.name for path in generated.parent.iterdir()} == {"__init__.py", "py.typed", "widgets"}


def test_hostile_words_are_values(widgets: Package) -> None:
    """An enum word of quotes and code is a word like any other."""
    word = next(getattr(widgets.models, name) for name in widgets.models.__all__ if name.endswith("Word"))
    assert '"); import os #' in [member.value for member in word]


def test_hostile_text_is_not_rendered(generated: Path) -> None:
    """The templates do not take the spec's braces for their own."""
    assert "{{ 7 * 7 }}" in (generated / "__init__.py").read_text()
