"""Time stamps of checkpoints from an authority outside (RFC 3161): that a checkpoint existed at an instant, said by one
who has neither our database nor our keys.

Optional, and beside the ledger: an authority that does not answer delays no decision and no checkpoint.
"""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

_ANSWER_SECONDS = 15.0
_MOST_BYTES = 100_000


class TimestampRefused(Exception):
    """There is no valid stamp; the message says why: of the authority's answer, or of a stamp that was kept."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who stamps: where it answers, and the certificates that its own must lead to."""

    url: str
    roots: tuple[Certificate, ...]

    async def stamp(self, body: str) -> bytes:
        """The DER answer for a checkpoint's body, checked before it is returned. Raises `TimestampRefused`."""
        request = TimestampRequestBuilder().data(body.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
        try:
            async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, follow_redirects=False) as client:
                answer = await client.post(
                    self.url, content=request.as_bytes(), headers={"Content-Type": "application/timestamp-query"}
                )
        except httpx.HTTPError as error:
            raise TimestampRefused(f"{self.url} does not answer: {type(error).__name__}") from error
        if answer.status_code != 200 or len(answer.content) > _MOST_BYTES:
            raise TimestampRefused(f"{self.url} answered {answer.status_code} with {len(answer.content)} bytes")
        _check(answer.content, body, self.roots, request.nonce)
        return answer.content


def read_roots(path: Path) -> tuple[Certificate, ...]:
    """Trusted certificates from a PEM file. Raises `OSError`, and `ValueError` for a file without one."""
    return tuple(load_pem_x509_certificates(path.read_bytes()))


def stamped_at(answer: bytes, body: str, roots: tuple[Certificate, ...]) -> datetime:
    """When the authority saw this very body, UTC. Raises `TimestampRefused`."""
    return _check(answer, body, roots, None)


def _check(answer: bytes, body: str, roots: tuple[Certificate, ...], nonce: int | None) -> datetime:
    try:
        response = decode_timestamp_response(answer)
        if PKIStatus(response.status) is not PKIStatus.GRANTED:
            raise TimestampRefused(f"the authority refused: {', '.join(response.status_string) or response.status}")
        builder = VerifierBuilder(roots=list(roots), nonce=nonce)
        builder.build().verify_message(response, body.encode())
        return response.tst_info.gen_time.astimezone(UTC)
    except (VerificationError, ValueError) as error:
        raise TimestampRefused(f"not a valid time stamp of this checkpoint: {error}") from error


# --- Kept beside the checkpoints --------------------------------------------------------------------------------------


def stamps_path(checkpoints: Path) -> Path:
    """The file of stamps beside a file of checkpoints."""
    return checkpoints.with_name(checkpoints.name.replace(".checkpoints.", ".timestamps."))


def read_stamps(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            yield json.loads(line)


async def stamp_newest(authority: Authority, checkpoints: Path) -> bool:
    """Have the newest checkpoint of a file stamped, the stamp kept beside it; False where it has one already. Earlier
    checkpoints need none: the newest proves them. Raises `TimestampRefused`."""
    number, body = _newest(checkpoints)
    if any(stamp["number"] >= number for stamp in read_stamps(stamps_path(checkpoints))):
        return False
    _keep(stamps_path(checkpoints), number, await authority.stamp(body))
    return True


def _newest(checkpoints: Path) -> tuple[int, str]:
    body = json.loads(checkpoints.read_text(encoding="ascii").splitlines()[-1])["body"]
    return json.loads(body)["number"], body


def _keep(stamps: Path, number: int, answer: bytes) -> None:
    line = json.dumps({"number": number, "stamp": base64.b64encode(answer).decode()}, sort_keys=True)
    with stamps.open("a", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def verify_stamps(checkpoints: Path, roots: tuple[Certificate, ...]) -> tuple[list[tuple[int, datetime]], list[str]]:
    """Of a file of checkpoints kept outside: (checkpoint, when it was stamped) in order, and what does not hold."""
    bodies = {}
    for line in checkpoints.read_text(encoding="ascii").splitlines():
        body = json.loads(line)["body"]
        bodies[json.loads(body)["number"]] = body
    good: list[tuple[int, datetime]] = []
    problems: list[str] = []
    for stamp in read_stamps(stamps_path(checkpoints)):
        number = stamp["number"]
        try:
            if number not in bodies:
                raise TimestampRefused("no such checkpoint is kept")
            good.append((number, stamped_at(base64.b64decode(stamp["stamp"]), bodies[number], roots)))
        except TimestampRefused as refused:
            problems.append(f"time stamp of checkpoint {number}: {refused}")
    return good, problems
