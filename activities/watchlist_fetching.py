"""Fetching a list's files from its source: conditional, retried with patience, bounded, whole or not at all.

Knows HTTP and nothing of what the files say; what they say is judged by `activities.watchlists`.
"""

import asyncio
import email.utils
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from activities.watchlist_sources import Source

TRIES = 5
LONGEST_WAIT = 300.0
"""Seconds that a source may ask us to wait; one that wants more is tried again at the next update."""
TIMEOUT = httpx.Timeout(30.0, read=120.0)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_CHUNK = 256 * 1024

Sleep = Callable[[float], Awaitable[None]]
Validators = Mapping[str, Mapping[str, str]]


class SourceFailed(Exception):
    """The source did not give its files. The message names the URL and what it answered; try again later."""


class SourceRefused(Exception):
    """The source gave something that is not taken, such as more bytes than a list can have."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files are in the folder. `validators` are to be shown to the source next time."""

    validators: dict[str, dict[str, str]]


class NotModified:
    """The source says that every file is as it was."""


def http_client() -> httpx.AsyncClient:
    """A client for the sources; the caller closes it."""
    return httpx.AsyncClient(
        follow_redirects=True,
        max_redirects=5,
        timeout=TIMEOUT,
        headers={"User-Agent": "clearance-watchlists", "Accept-Encoding": "gzip, deflate"},
    )


async def fetch(
    client: httpx.AsyncClient,
    source: Source,
    folder: Path,
    known: Validators,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Sleep = asyncio.sleep,
) -> Fetched | NotModified:
    """Fetch a source's files into `folder`; nothing where the source confirms that all are as at `known`.

    Raises `SourceFailed` and `SourceRefused`. A part that changed makes the whole new: files of two days never mix.
    """
    conditional = all(url in known for url in source.files.values())
    validators: dict[str, dict[str, str]] = {}
    same: list[tuple[str, str]] = []
    left = source.max_bytes
    for name, url in source.files.items():
        shown = known[url] if conditional else {}
        got = await _patiently(client, url, folder / name, shown, left, now, sleep)
        if got is None:
            same.append((name, url))
        else:
            validators[url], size = got
            left -= size
    if len(same) == len(source.files):
        return NotModified()
    for name, url in same:
        again = await _patiently(client, url, folder / name, {}, left, now, sleep)
        if again is None:
            raise SourceFailed(f"{url}: answered 304 to an unconditional request")
        validators[url], size = again
        left -= size
    return Fetched(validators)


async def _patiently(
    client: httpx.AsyncClient,
    url: str,
    path: Path,
    shown: Mapping[str, str],
    limit: int,
    now: Callable[[], datetime],
    sleep: Sleep,
) -> tuple[dict[str, str], int] | None:
    """One file, tried again while the trouble may pass. None where it is as it was."""
    trouble = ""
    for number in range(TRIES):
        try:
            async with client.stream("GET", url, headers=_conditions(shown)) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED and shown:
                    return None
                if response.status_code == httpx.codes.OK:
                    return _told(response), await _save(response, path, limit)
                trouble = f"answered {response.status_code}"
                if response.status_code not in _AGAIN:
                    raise SourceFailed(f"{url}: {trouble}; check the address in a browser")
                wait = _asked_to_wait(response, now())
        except httpx.TransportError as error:
            trouble, wait = f"{type(error).__name__} {error}".strip(), None
        if wait is not None and wait > LONGEST_WAIT:
            raise SourceFailed(f"{url}: {trouble} and wants to be left alone for {wait:.0f} s")
        if number + 1 < TRIES:
            await sleep(2.0**number if wait is None else wait)
    raise SourceFailed(f"{url}: {trouble}, {TRIES} times")


def _conditions(shown: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {names[key]: value for key, value in shown.items() if key in names}


def _told(response: httpx.Response) -> dict[str, str]:
    if response.request.url.scheme != "https" and any(hop.request.url.scheme == "https" for hop in response.history):
        raise SourceRefused(f"{response.history[0].request.url}: redirected away from https")
    told = {"etag": response.headers.get("ETag"), "last_modified": response.headers.get("Last-Modified")}
    return {key: value for key, value in told.items() if value}


async def _save(response: httpx.Response, path: Path, limit: int) -> int:
    """Write the body, unpacked; httpx raises a `TransportError` where it ends before its declared length."""
    size = 0
    with path.open("wb") as file:
        async for chunk in response.aiter_bytes(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise SourceRefused(
                    f"{response.request.url}: more than the {limit:,} bytes that are left of this list's limit; "
                    "raise `max_bytes` if the list has grown"
                )
            await asyncio.to_thread(file.write, chunk)
    return size


def _asked_to_wait(response: httpx.Response, now: datetime) -> float | None:
    """Seconds, from a `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3)."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(asked) - now).total_seconds())
    except (ValueError, TypeError):
        return None
