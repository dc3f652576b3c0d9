"""HTTP to a platform: one session with a pace, timeouts, bounded retries and redaction.

Every failure leaves as an error of `quanyu.errors`. A request that must not be carried out twice says
`repeatable=False`: then anything that fails after it may have left raises DeliveryUnknown, never Retryable.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypedDict, TypeVar, Unpack

import httpx
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from quanyu import deadline
from quanyu.contracts import SHANGHAI, Connection, Record
from quanyu.errors import ConfigurationError, DeliveryUnknown, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now

log = logging.getLogger(__name__)

# Both write whole URLs, and URLs of WeChat carry secrets and tokens.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NOTHING_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_MOBILE = re.compile(r"(?<!\d)((?:86)?1[3-9]\d)\d{8}(?!\d)")

LARGEST_ANSWER = 64 * 2**20
"""Bytes, unpacked. A page of a platform has some hundred rows; a file that may be larger says so (`largest_answer`)."""

T = TypeVar("T")


class Parts(TypedDict, total=False):
    """What a request may carry, as httpx understands it; a file is its name, its bytes and its media type."""

    params: Mapping[str, str | int]
    data: Mapping[str, str]
    files: Mapping[str, tuple[str, bytes, str]]
    json: Any
    headers: Mapping[str, str]
    content: bytes


class Http:
    """One platform, spoken to at no more than `requests_per_second`.

    A call is tried `attempts` times. A wait longer than `longest_wait` seconds is not slept but raised as
    Throttled, and until that time has come every further call is refused without being made.
    """

    def __init__(
        self,
        base_url: str,
        *,
        requests_per_second: float = 20.0,
        redact: Iterable[str] = (),
        timeout: float = 30.0,
        attempts: int = 5,
        longest_wait: float = 300.0,
        largest_answer: int = LARGEST_ANSWER,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        try:
            host = httpx.URL(base_url).host
        except httpx.InvalidURL:
            host = ""
        if not host:
            raise ConfigurationError("the connection has no usable URL.", remedy="set its host to https://<host>.")
        # A proxy of the environment is right for a platform and wrong for the sandbox on this machine.
        self._client = httpx.Client(base_url=base_url, timeout=timeout, trust_env=host not in LOOPBACK)
        self._interval = 1.0 / requests_per_second
        self._secrets = {secret for secret in redact if secret}
        self._attempts = attempts
        self._longest_wait = longest_wait
        self._largest_answer = largest_answer
        self._sleep = sleep or time.sleep
        self._next_call = 0.0
        self._not_before: datetime | None = None
        self._backoff = wait_random_exponential(multiplier=0.5, max=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @classmethod
    def of(
        cls,
        where: Connection,
        *secrets: str,
        sleep: Callable[[float], None] | None = None,
        attempts: int = 5,
        largest_answer: int = LARGEST_ANSWER,
    ) -> Self:
        """Open the platform behind a connection; `extra.requests_per_second` is the pace its contract allows."""
        return cls(
            where.url,
            requests_per_second=pace_of(where),
            redact=[where.password, *secrets],
            attempts=attempts,
            largest_answer=largest_answer,
            sleep=sleep,
        )

    def request(self, method: str, path: str, *, repeatable: bool = True, **parts: Unpack[Parts]) -> httpx.Response:
        """Send until the platform answers below 500 (429 and 3xx excepted); 4xx bodies are the caller's to read."""
        return self.retrying(lambda: self.exchange(method, path, repeatable=repeatable, **parts))

    def exchange(self, method: str, path: str, *, repeatable: bool = True, **parts: Unpack[Parts]) -> httpx.Response:
        """Send once. Raises Retryable, Throttled, ConfigurationError, Rejected (too large an answer); where it is not
        `repeatable`, DeliveryUnknown for whatever leaves doubt.
        """
        self._wait_for_turn()
        call = f"{method} {self._client.base_url.host}/{path.lstrip('/')}"
        failed = Retryable if repeatable else DeliveryUnknown
        try:
            response = self._answer(method, path, **parts)
        except _NOTHING_LEFT as error:
            raise Retryable(f"{call}: no connection ({_reason(error)}).", remedy=UNREACHABLE) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ConfigurationError(f"{call}: {_reason(error)}.", remedy="correct the connection's host.") from None
        except httpx.HTTPError as error:
            raise failed(f"{call}: cut before the whole answer came ({_reason(error)}).", remedy=UNREACHABLE) from None
        if response is None:
            raise (Rejected if repeatable else DeliveryUnknown)(
                f"{call}: the answer is larger than {self._largest_answer:,} bytes and was not read to its end.",
                remedy="no page of a platform is that large: check the connection's host; where a file may be, raise"
                " `largest_answer` in the source's client.",
            )
        if response.status_code == 429 or (response.status_code == 503 and "retry-after" in response.headers):
            raise Throttled(
                f"{call}: HTTP {response.status_code}.", until=retry_after(response.headers.get("retry-after", ""))
            )
        if response.status_code >= 500:
            raise failed(f"{call}: HTTP {response.status_code}.", remedy=UNREACHABLE)
        if response.is_redirect:
            raise ConfigurationError(
                f"{call}: answers with a redirect (HTTP {response.status_code}).",
                remedy="set the connection's host to the address itself.",
            )
        return response

    def _answer(self, method: str, path: str, **parts: Unpack[Parts]) -> httpx.Response | None:
        """The whole answer; None when it is too large, and then the connection is closed on the rest of it."""
        with self._client.stream(method, path, **parts) as response:
            announced = response.headers.get("content-length", "")
            if announced.isdigit() and int(announced) > self._largest_answer:
                return None
            chunks: list[bytes] = []
            size = 0
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if size > self._largest_answer:
                    return None
            # The body is unpacked by now, which the new response must not try again.
            headers = [pair for pair in response.headers.multi_items() if pair[0] != "content-encoding"]
            return httpx.Response(
                response.status_code, headers=headers, content=b"".join(chunks), request=response.request
            )

    def retrying(self, call: Callable[[], T]) -> T:
        """Repeat `call` while it raises Retryable; a named time to wait is waited for. The last error is raised.

        For platforms that say "later" inside the body, or sign each attempt anew: `call` makes one `exchange`
        and reads the answer. Messages of errors leave redacted.
        """
        loop = Retrying(
            retry=retry_if_exception(self._is_worth_repeating),
            wait=self._wait,
            stop=stop_after_attempt(self._attempts),
            sleep=self._sleep,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return loop(self._remembering(call))
        except QuanyuError as error:
            error.message = self.redacted(error.message)
            error.args = (error.message,)
            raise

    def keep_secret(self, value: str) -> None:
        """Never show `value` again, e.g. a token that was just issued."""
        if value:
            self._secrets.add(value)

    def redacted(self, text: str) -> str:
        """Blank known secrets and whatever looks like a mobile number."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return _MOBILE.sub(r"\1********", text)

    def _wait_for_turn(self) -> None:
        if self._not_before is not None:
            wait = (self._not_before - utc_now()).total_seconds()
            if wait > self._longest_wait:
                raise Throttled(f"no call before {self._not_before:%F %R %Z}.", until=self._not_before, remedy=_WAIT)
            deadline.require(after=wait)
            if wait > 0:
                self._sleep(wait)
            self._not_before = None
        now = time.monotonic()
        if self._next_call > now:
            self._sleep(self._next_call - now)
        self._next_call = max(now, self._next_call) + self._interval
        deadline.require()

    def _remembering(self, call: Callable[[], T]) -> Callable[[], T]:
        def remember_until() -> T:
            try:
                return call()
            except Throttled as error:
                self._not_before = error.until
                error.remedy = error.remedy or _WAIT
                raise

        return remember_until

    def _is_worth_repeating(self, error: BaseException) -> bool:
        if isinstance(error, Throttled) and error.until is not None:
            return error.until - utc_now() <= timedelta(seconds=self._longest_wait)
        return isinstance(error, Retryable)

    def _wait(self, state: RetryCallState) -> float:
        # A named time is waited for before the next call leaves, see `_wait_for_turn`.
        return 0.0 if self._not_before is not None else self._backoff(state)

    def _tell(self, state: RetryCallState) -> None:
        said = self.redacted(str(state.outcome.exception())) if state.outcome else ""
        log.warning("attempt %d of %d: %s", state.attempt_number, self._attempts, said)


UNREACHABLE = "if it stays so, check the connection's host, the network and the platform's status page."
_WAIT = "run the task again later, after the time that is named."


def json_of(response: httpx.Response, *, repeatable: bool = True) -> Record:
    """Read an answer as a JSON object; integers of any size stay integers, and what is no JSON (NaN) is none here.

    Raises Retryable (DeliveryUnknown when the request was not `repeatable`) for HTML, half a page or any other
    body: gateways send those while they are ill. Raw control characters inside strings are accepted, since
    TOP and JOS send them.
    """
    if (body := record_in(response.content)) is not None:
        return body
    kind = response.headers.get("content-type", "no content type").split(";")[0]
    failed = Retryable if repeatable else DeliveryUnknown
    raise failed(
        f"{response.request.method} {response.request.url.host}{response.request.url.path}: "
        f"the answer is not a JSON object (HTTP {response.status_code}, {kind}, {len(response.content)} bytes).",
        remedy=UNREACHABLE,
    )


def record_in(content: bytes) -> Record | None:
    """The JSON object that a body is; None when it is something else."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            body = json.loads(content, strict=False, parse_constant=_refuse)
        except ValueError:
            return None
    return body if isinstance(body, dict) else None


def pace_of(where: Connection) -> float:
    """Requests per second that a connection allows. Raises ConfigurationError when its extra names no number."""
    try:
        pace = float(where.extra.get("requests_per_second", 20.0))
    except (TypeError, ValueError):
        pace = 0.0
    if pace <= 0:
        raise ConfigurationError(f"quanyu_{where.name}: extra.requests_per_second is no number.", remedy="set one.")
    return pace


@contextmanager
def place(name: str) -> Iterator[None]:
    """Name where an error happened, e.g. `tmall.trades 2026-11-20 page 3`."""
    try:
        yield
    except QuanyuError as error:
        error.at(name)
        raise


def next_midnight(now: datetime) -> datetime:
    """When a platform's daily limits begin anew: the midnight after `now`, in Asia/Shanghai."""
    return datetime.combine(now.astimezone(SHANGHAI).date() + timedelta(days=1), clock_time(), SHANGHAI)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def retry_after(value: str) -> datetime | None:
    """The time a Retry-After header names, in seconds or as an HTTP date; None when there is none."""
    value = value.strip()
    if value.isdigit():
        return utc_now() + timedelta(seconds=int(value))
    try:
        moment: datetime = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
