"""The only HTTP client that goes to addresses that tenants name: webhooks' endpoints, issuers' keys and tokens.

A name is resolved once, every address that it has is checked, and the connection goes to a checked one: what resolves
to our own networks, to this machine or to a cloud's metadata is refused, also when it changes its mind in between.
Redirects are not followed, no proxy of the environment is used, and answers are read no further than they may be.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpcore
from httpcore import AnyIOBackend, AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream

from activities.webhooks import NoAnswer, Post
from api.services import OutwardFailed

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
MOST_BYTES = 256 * 1024

_EMBEDDING = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
)
"""IPv6 networks whose addresses stand for IPv4 ones (NAT64, 6to4, Teredo): nobody's service is there."""


class AddressRefused(Exception):
    """The address is none that this service goes to. Name one that is public, over https."""


class OutboundFailed(Exception):
    """Nobody answered, or not as HTTP asks for. `code` says where it broke."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _EMBEDDING):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True)
class Outbound:
    """`allow_private` is for the embedded stack and tests: it lets http and our own networks through."""

    allow_private: bool = False
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises `AddressRefused` and `OutboundFailed`."""
        return await self._request("POST", url, headers, body)

    async def get(self, url: str) -> Answer:
        """Raises `AddressRefused` and `OutboundFailed`."""
        return await self._request("GET", url, {"accept": "application/json"}, b"")

    async def check(self, url: str) -> None:
        """Raises `AddressRefused` for what would be refused now; what cannot be resolved yet is let through."""
        host, port = self._place(url)
        try:
            await self._addresses(host, port)
        except OutboundFailed:
            return

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        host, port = self._place(url)
        addresses = await self._addresses(host, port)
        pool = AsyncConnectionPool(
            ssl_context=self.tls, network_backend=_Pinned(addresses), max_connections=1, retries=0, http2=False
        )
        times = dict.fromkeys(("connect", "read", "write", "pool"), CONNECT_SECONDS)
        sent = [("host", urlsplit(url).netloc.rpartition("@")[2]), *headers.items()]
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                pool,
                pool.stream(
                    method, url, headers=sent, content=body, extensions={"timeout": times | {"read": ANSWER_SECONDS}}
                ) as response,
            ):
                return Answer(response.status, await _read(response))
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise OutboundFailed("TIMED_OUT") from error
        except httpcore.ConnectError as error:
            raise OutboundFailed(
                "TLS_FAILED" if isinstance(error.__cause__, ssl.SSLError) else "NOT_REACHED"
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            raise OutboundFailed("BROKEN_OFF") from error

    def _place(self, url: str) -> tuple[str, int]:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise AddressRefused("the port is none") from error
        if parts.scheme != "https" and not (self.allow_private and parts.scheme == "http"):
            raise AddressRefused("only https is used")
        if not parts.hostname or parts.username or parts.password or parts.fragment:
            raise AddressRefused("name a host, without user, password or fragment")
        return parts.hostname, port or (443 if parts.scheme == "https" else 80)

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Every one that the name has; refused when any of them is not public."""
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(
                loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP), CONNECT_SECONDS
            )
        except (OSError, UnicodeError, TimeoutError) as error:
            raise OutboundFailed("NAME_UNKNOWN") from error
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise AddressRefused("the name leads to an address that is not public")
        return addresses


async def _read(response: httpcore.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise OutboundFailed("ANSWER_TOO_LARGE")
    return body


@dataclass(frozen=True)
class _Pinned(AsyncNetworkBackend):
    """Connects to the addresses that were checked, whatever the name leads to by now. TLS still asks for the name."""

    addresses: tuple[str, ...]
    network: AnyIOBackend = field(default_factory=AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the base class's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        refused: Exception | None = None
        for address in self.addresses:
            try:
                return await self.network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
        raise refused or httpcore.ConnectError("no address")

    async def connect_unix_socket(self, path: str, *args: Any, **options: Any) -> AsyncNetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await self.network.sleep(seconds)


@dataclass(frozen=True)
class Outwards:
    """The API's way out."""

    outbound: Outbound

    async def fetch(self, url: str) -> bytes:
        """Raises `OutwardFailed`."""
        answer = await _told(self.outbound.get(url))
        if answer.status != 200:
            raise OutwardFailed(f"HTTP_{answer.status}")
        return answer.body

    async def send_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Raises `OutwardFailed`."""
        body = urlencode(fields).encode()
        told = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
        }
        answer = await _told(self.outbound.post(url, {**told, **headers}, body))
        return answer.status, answer.body

    async def check(self, url: str) -> None:
        """Raises `OutwardFailed`."""
        try:
            await self.outbound.check(url)
        except AddressRefused as refusal:
            raise OutwardFailed("ADDRESS_NOT_ALLOWED") from refusal


async def _told(answering: Awaitable[Answer]) -> Answer:
    try:
        return await answering
    except AddressRefused as refusal:
        raise OutwardFailed("ADDRESS_NOT_ALLOWED") from refusal
    except OutboundFailed as failure:
        raise OutwardFailed(failure.code) from failure


def posting(outbound: Outbound) -> Post:
    """What the webhooks' activity posts with."""

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            return (await outbound.post(url, headers, body)).status
        except AddressRefused as refusal:
            raise NoAnswer("ADDRESS_NOT_ALLOWED") from refusal
        except OutboundFailed as failure:
            raise NoAnswer(failure.code) from failure

    return post
