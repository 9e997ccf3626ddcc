"""Everything that settled raises, apart from ValueError and TypeError for a bad argument.

    SettledError
    ├── WaitTimeout             the deadline passed first; also a TimeoutError
    ├── OutcomeError            the job settled, but did not succeed; .snapshot
    │   ├── JobFailed
    │   ├── JobPartial
    │   ├── JobCancelled
    │   ├── JobTimedOut
    │   └── JobSkipped
    ├── ApiError                the API refused; .status_code .message .code .request_id
    │   ├── BadRequest          400, 422
    │   ├── AuthenticationError 401
    │   ├── LicenseRequired     402
    │   ├── PermissionDenied    403
    │   ├── NotFound            404
    │   ├── RateLimited         429; .retry_after
    │   └── ServerError         5xx
    ├── TransportError          no answer came
    ├── MalformedResponse       an answer that cannot be read
    ├── UnknownStatus           an undocumented status word, where unknown="raise"
    ├── SubmitFailed            the API answered that it did not take the job
    └── SubmitUnclear           the job may exist, but nothing says so; .sent .candidates

What a wait had learnt is in `ref`, `last` and `seen` of each. The text of each has at most 300 characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._core.snapshot import Snapshot

__all__ = [
    "ApiError",
    "AuthenticationError",
    "BadRequest",
    "JobCancelled",
    "JobFailed",
    "JobPartial",
    "JobSkipped",
    "JobTimedOut",
    "LicenseRequired",
    "MalformedResponse",
    "NotFound",
    "OutcomeError",
    "PermissionDenied",
    "RateLimited",
    "ServerError",
    "SettledError",
    "SubmitFailed",
    "SubmitUnclear",
    "TransportError",
    "UnknownStatus",
    "WaitTimeout",
]

MAX_MESSAGE = 300
# A text begins with what failed and how, and ends with a request's id or with what to do: both ends are kept.
_TAIL = 140
_LONG_WORD = re.compile(r"(\S{50})\S{11,}(\S{20})")


class SettledError(Exception):
    """The base of every error of this package.

    An error that ends a wait brings along what the wait had learnt: `ref` (the job's, to resume with), `last` (the
    latest snapshot, or None) and `seen` (how often each status was read). It can be copied and pickled, without what
    other packages had raised.
    """

    ref: str | None = None
    last: Snapshot[Any] | None = None
    seen: Mapping[str, int]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen = {}

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) <= MAX_MESSAGE:
            return text
        # A long path or id would push out what stands behind it.
        text = _LONG_WORD.sub(r"\1…\2", text)
        return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - _TAIL - 1]}…{text[-_TAIL:]}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by a call of the class: what makes an error is not what is left of it, and another process that fails to
        # make one waits for ever. Errors of other packages hold requests, whose headers hold credentials.
        cause = self.__cause__ if isinstance(self.__cause__, SettledError) else None
        return _restored, (type(self), self.args, self.__dict__, cause)


class WaitTimeout(SettledError, TimeoutError):
    """The deadline of a wait passed before the job settled; the job itself goes on."""


class OutcomeError(SettledError):
    """A job settled, but did not succeed; `snapshot` tells all of it."""

    def __init__(self, message: str, snapshot: Snapshot[Any]) -> None:
        super().__init__(message)
        self.snapshot = snapshot
        self.last: Snapshot[Any] | None = snapshot
        self.ref: str | None = snapshot.job.ref


class JobFailed(OutcomeError):
    """The job failed."""


class JobPartial(OutcomeError):
    """The job succeeded in part."""


class JobCancelled(OutcomeError):
    """The job was cancelled or aborted."""


class JobTimedOut(OutcomeError):
    """The vendor gave the job up, because it took too long or was never picked up."""


class JobSkipped(OutcomeError):
    """The job was skipped: nothing was done."""


class ApiError(SettledError):
    """The API refused a request.

    `message` is the human sentence of the reply, `code` the vendor's own error code, `extra` what the reply says
    besides; `method` and `path` are the request's, `retry_after` is how many seconds the API asked to wait. With its
    `request_id` a vendor's support finds the request. What the reply does not say is None.
    `is_empty` is true where the reply has no body, so that `message` is only the status in words.
    """

    retry_after: float | None = None
    is_empty: bool = False

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        code: str | None = None,
        extra: str | None = None,
        method: str = "",
        path: str = "",
        request_id: str | None = None,
    ) -> None:
        code_text = "" if code is None or code == str(status_code) else f" [{code}]"
        extra_text = "" if extra is None else f" ({extra})"
        id_text = "" if request_id is None else f" (request id {request_id})"
        super().__init__(f"{method} {path} answered {status_code}{code_text}: {message}{extra_text}{id_text}")
        self.message = message
        self.status_code = status_code
        self.code = code
        self.extra = extra
        self.method = method
        self.path = path
        self.request_id = request_id


class BadRequest(ApiError):
    """The request does not have the form that the API expects (400, 422)."""


class AuthenticationError(ApiError):
    """The credentials are not accepted (401)."""


class LicenseRequired(ApiError):
    """The tenant lacks the licence (402)."""


class PermissionDenied(ApiError):
    """The credentials lack the permission (403)."""


class NotFound(ApiError):
    """There is no such job (404): a wrong id, or the vendor has already forgotten it."""


class RateLimited(ApiError):
    """The API asks for fewer requests (429).

    `is_unsent` is true where the request was not sent: the client's own rate, or a pause that the API had asked for
    before, held it back.
    """

    is_unsent: bool = False


class ServerError(ApiError):
    """The API failed to answer (5xx)."""


class TransportError(SettledError):
    """No answer came: the connection failed, broke or took too long.

    `may_pass` is false where it is of no use to try again: the server's certificate is refused, a proxy wants other
    credentials, the proxy settings cannot work, or the request is none. `is_unknown_host` is true where no name server
    knows the host: a typo, or a name server that is away for a moment. `is_unsent` is true where the request has surely
    not been taken: no connection was made, or there were no credentials to sign it with, in time or at all.
    """

    may_pass: bool = True
    is_unknown_host: bool = False
    is_unsent: bool = False


class MalformedResponse(SettledError):
    """An answer came that cannot be read: not JSON, or not what the API documents.

    `is_html` is true where it is a web page: a proxy's, or one of another path than the API's. `request_id` is what
    the answer says to be the request's, or None.
    """

    is_html: bool = False
    request_id: str | None = None


class UnknownStatus(SettledError):
    """A job has an undocumented status; `last` has it."""


class SubmitFailed(SettledError):
    """The API answered that it did not take the job."""


class SubmitUnclear(SettledError):
    """A submit was sent, but no answer tells whether the job was taken: it may exist, so look before you submit again.

    `sent` is the request's JSON, without what its names call a secret. `candidates` are the refs of jobs that it may
    have started, where the vendor lists jobs. The cause is the TransportError, the MalformedResponse or the ApiError
    (a 5xx, or another status that refuses nothing) that came instead of an answer.
    """

    def __init__(self, message: str, sent: Any, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.sent = sent
        self.candidates: tuple[str, ...] = tuple(candidates)


_BY_STATUS_CODE: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: AuthenticationError,
    402: LicenseRequired,
    403: PermissionDenied,
    404: NotFound,
    422: BadRequest,
    429: RateLimited,
}


def _restored(
    kind: type[SettledError], args: tuple[Any, ...], attributes: dict[str, Any], cause: SettledError | None
) -> SettledError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(attributes)
    error.__cause__ = cause
    return error


def api_error_class(status_code: int) -> type[ApiError]:
    """The class of error that an HTTP status stands for."""
    return _BY_STATUS_CODE.get(status_code, ServerError if status_code >= 500 else ApiError)
