"""Who allowed a model: statements signed with Ed25519 by different people over the digests of model and card.

Kept apart from the registry, which only asks whether an artifact is approved: keys and people change, files do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from explain.record import canonical_json

PEOPLE = 2
"""How many different people must approve a model (two-person rule, as for a filing)."""

_DOMAIN = "clearance model approval 1"
_REVOCATION = "clearance model revocation 1"


class Role(StrEnum):
    """What a model is approved for: to decide, or to run beside the one that decides."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signed statement. `signature` is hex, over everything else."""

    approver: str
    role: Role
    model_sha256: str
    card_sha256: str
    approved_at: datetime
    signature: str = ""

    def statement(self) -> bytes:
        return canonical_json(
            {
                "domain": _DOMAIN,
                "approver": self.approver,
                "role": self.role,
                "model_sha256": self.model_sha256,
                "card_sha256": self.card_sha256,
                "approved_at": self.approved_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Revocation:
    """A trusted person's signed statement that a model must not be used any more. One is enough."""

    approver: str
    model_sha256: str
    reason: str
    revoked_at: datetime
    signature: str = ""

    def statement(self) -> bytes:
        return canonical_json(
            {
                "domain": _REVOCATION,
                "approver": self.approver,
                "model_sha256": self.model_sha256,
                "reason": self.reason,
                "revoked_at": self.revoked_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts: public keys (32 bytes) by approver, and what was revoked."""

    keys: Mapping[str, bytes]
    revocations: Sequence[Revocation] = field(default_factory=tuple)
    people: int = PEOPLE


class ModelNotApproved(Exception):
    """The model may not be used; the message says what is missing. Have it approved, or restore the approved files."""


def approve(
    key: Ed25519PrivateKey, approver: str, role: Role, model_sha256: str, card_sha256: str, approved_at: datetime
) -> Approval:
    """Sign an approval. `approver` is a pseudonymous officer or engineer id."""
    unsigned = Approval(approver, role, model_sha256, card_sha256, approved_at)
    return Approval(approver, role, model_sha256, card_sha256, approved_at, key.sign(unsigned.statement()).hex())


def revoke(key: Ed25519PrivateKey, approver: str, model_sha256: str, reason: str, revoked_at: datetime) -> Revocation:
    """Sign a revocation."""
    unsigned = Revocation(approver, model_sha256, reason, revoked_at)
    return Revocation(approver, model_sha256, reason, revoked_at, key.sign(unsigned.statement()).hex())


def check_approvals(
    approvals: Sequence[Approval], trust: Trust, model_sha256: str, card_sha256: str, role: Role
) -> tuple[str, ...]:
    """The approvers, where enough different trusted people signed exactly this model, card and role.

    Two names that share one key count once. Raises `ModelNotApproved`, also for a revoked model. A revocation that does
    not verify is an error too: dropping it silently would let a damaged list un-revoke.
    """
    for revocation in trust.revocations:
        if not _holds(trust, revocation.approver, revocation.statement(), revocation.signature):
            raise ModelNotApproved(f"the revocation by {revocation.approver!r} does not verify: restore the list")
        if revocation.model_sha256 == model_sha256:
            raise ModelNotApproved(f"revoked on {revocation.revoked_at:%Y-%m-%d}: {revocation.reason}")
    people: dict[bytes, str] = {}
    for approval in approvals:
        if (approval.model_sha256, approval.card_sha256, approval.role) != (model_sha256, card_sha256, role):
            continue
        if _holds(trust, approval.approver, approval.statement(), approval.signature):
            people.setdefault(trust.keys[approval.approver], approval.approver)
    if len(people) < trust.people:
        raise ModelNotApproved(f"{len(people)} of {trust.people} people approved these bytes as {role}")
    return tuple(people.values())


def _holds(trust: Trust, approver: str, statement: bytes, signature: str) -> bool:
    key = trust.keys.get(approver)
    if key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), statement)
    except (InvalidSignature, ValueError):
        return False
    return True
