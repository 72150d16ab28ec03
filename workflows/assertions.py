"""An officer's authority for one action on one run of one workflow: minted by the API, verified by the workflow.

Pure and shared by both sides, so that what is signed and what is checked cannot drift apart. The officer's own token
never enters Temporal; this assertion does, and it is good for nothing else and for five minutes.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from explain.record import canonical_json, sha256_hex
from workflows.messages import ASSERTION_LIFETIME, CaseDetail, Disposition

CLOCK_SKEW = timedelta(seconds=30)
"""How far the clock of the minting API may run ahead of the Temporal server's."""

_DOMAIN = b"clearance officer assertion v1\n"
"""Signed in front of the claims, so that no other signature of the same key can be passed off as an assertion."""


class AssertionRefused(Exception):
    """The assertion does not allow this action; `code` says why. Ask the API for the action again.

    Codes: `MALFORMED`, `SIGNATURE`, `EXPIRED`, `NOT_YET_VALID`, or `<FIELD>_DIFFERS` for the first claim that is not
    what the workflow expects (`RUN_ID_DIFFERS` after a reset, `REVISION_DIFFERS` when someone acted in between).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Purpose:
    """The single thing an assertion is for; both sides state it and every field must agree."""

    target_id: UUID
    """The case or the filing."""
    run_id: str
    """The run of its workflow: after a reset the run is another one and old assertions are refused."""
    revision: int
    """The revision that the officer looked at."""
    action: str
    """Of `CaseAction` or `FilingAction`."""
    officer_id: UUID
    disposition: Disposition | None = None
    reason_sha256: str = ""
    detail_sha256: str = ""
    """`detail_digest` of what else the action says: whose the case becomes, until when, which file."""


def detail_digest(detail: CaseDetail | None) -> str:
    """SHA-256 (hex) of an action's details; empty where it has none."""
    return "" if detail is None else sha256_hex(canonical_json(detail))


@dataclass(frozen=True, slots=True)
class AssertionClaims:
    """What the API vouches for: the purpose, the role that allows it, and when it was said."""

    purpose: Purpose
    role: str
    issued_at: datetime


def mint(claims: AssertionClaims, key: Ed25519PrivateKey) -> str:
    """Claims and signature as two base64url parts joined by a dot."""
    body = canonical_json(claims)
    return f"{_encode(body)}.{_encode(key.sign(_DOMAIN + body))}"


def verify(assertion: str, public_key: str, expected: Purpose, now: datetime) -> AssertionClaims:
    """The claims, if the key (hex) signed them within the last five minutes for exactly the expected purpose.

    Raises `AssertionRefused`. Deterministic: inside a workflow pass `workflow.now()`.
    """
    claims = _opened(assertion, public_key)
    for field in fields(Purpose):
        if getattr(claims.purpose, field.name) != getattr(expected, field.name):
            raise AssertionRefused(f"{field.name.upper()}_DIFFERS")
    if now > claims.issued_at + ASSERTION_LIFETIME:
        raise AssertionRefused("EXPIRED")
    if now < claims.issued_at - CLOCK_SKEW:
        raise AssertionRefused("NOT_YET_VALID")
    return claims


def _opened(assertion: str, public_key: str) -> AssertionClaims:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    try:
        encoded_body, encoded_signature = assertion.split(".")
        body, signature = _decode(encoded_body), _decode(encoded_signature)
    except (ValueError, NotBase64) as error:
        raise AssertionRefused("MALFORMED") from error
    try:
        key.verify(signature, _DOMAIN + body)
    except InvalidSignature as error:
        raise AssertionRefused("SIGNATURE") from error
    raw = json.loads(body)
    purpose = raw["purpose"]
    disposition = purpose["disposition"]
    return AssertionClaims(
        purpose=Purpose(
            target_id=UUID(purpose["target_id"]),
            run_id=purpose["run_id"],
            revision=purpose["revision"],
            action=purpose["action"],
            officer_id=UUID(purpose["officer_id"]),
            disposition=None if disposition is None else Disposition(disposition),
            reason_sha256=purpose["reason_sha256"],
            detail_sha256=purpose.get("detail_sha256", ""),
        ),
        role=raw["role"],
        issued_at=datetime.fromisoformat(raw["issued_at"]),
    )


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
