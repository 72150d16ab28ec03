"""Reports to an HTTPS endpoint, an authority's or a transmitter's in between, and its answers from there.

A report is a `PUT` under its name with that name as the idempotency key; the answer is a `GET` beside it.
"""

import json
import ssl
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import httpx

from activities.gateways import LARGEST_ANSWER, GatewayRefused, NameTaken

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class HttpsGateway:
    """`url` is the collection that reports are put into. Only servers that `trusted` (a PEM file: the endpoint's
    certificate or its authority's) vouches for are talked to; `token` is a file with our bearer token."""

    url: str
    token: Path
    trusted: Path

    async def submit(self, name: str, content: bytes) -> str:
        digest = b64encode(sha256(content).digest()).decode()
        headers = {
            "Idempotency-Key": name,
            "Content-Type": "application/json" if name.endswith(".json") else "application/xml",
            "Content-Digest": f"sha-256=:{digest}:",
            "If-None-Match": "*",
        }
        async with self._client() as client:
            answer = await self._ask(client, "PUT", name, content=content, headers=headers)
            if answer.status_code in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT):
                return _reference(answer) or name
            if answer.status_code in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
                # It has something under this name: our own report, if an answer of it was lost on the way.
                there = await self._ask(client, "GET", name)
                if there.status_code == HTTPStatus.OK and there.content == content:
                    return _reference(there) or name
                raise NameTaken(name)
            raise _refused(answer)

    async def collect(self, name: str) -> bytes | None:
        async with self._client() as client:
            answer = await self._ask(client, "GET", f"{name}/acknowledgement")
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT):
            return None
        if answer.status_code != HTTPStatus.OK:
            raise _refused(answer)
        return answer.content[:LARGEST_ANSWER]

    def _client(self) -> httpx.AsyncClient:
        """No proxy and no redirect: a report goes where it was meant to go."""
        if not self.trusted.is_file():
            raise GatewayRefused(f"{self.trusted} is missing: nothing is sent to an endpoint that nobody vouches for")
        context = ssl.create_default_context(cafile=str(self.trusted))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        token = self.token.read_text(encoding="utf-8").strip()
        return httpx.AsyncClient(
            verify=context,
            timeout=_SECONDS,
            trust_env=False,
            follow_redirects=False,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def _ask(self, client: httpx.AsyncClient, method: str, path: str, **options: object) -> httpx.Response:
        try:
            return await client.request(method, f"{self.url.rstrip('/')}/{path}", **options)  # type: ignore[arg-type]
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise GatewayRefused(
                    f"{self.url}: its certificate is not one that {self.trusted} vouches for"
                ) from error
            raise OSError(f"{self.url}: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise OSError(f"{self.url}: {type(error).__name__}") from error


def _reference(answer: httpx.Response) -> str | None:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return None
    reference = said.get("reference") if isinstance(said, dict) else None
    return reference if isinstance(reference, str) and reference else None


def _refused(answer: httpx.Response) -> Exception:
    """A 4xx needs somebody; anything else may pass."""
    text = f"{answer.request.url.host} answered {answer.status_code}"
    return GatewayRefused(text) if answer.is_client_error else OSError(text)
