"""What crosses from the investigations to the filings: the outcome of every alert case, sealed to the filing side.

Every outcome crosses, and every row has the same size, so that neither the row nor the statement that writes it tells
a confirmed suspicion from a dismissed one.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from explain.record import canonical_json
from vault import contexts
from vault.envelope import SealBroken, open_sealed_to, seal_to
from workflows.messages import Disposition

ROW_BYTES = 1024


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """How an alert case ended."""

    tenant_id: UUID
    case_id: UUID
    disposition: Disposition
    maker: UUID
    approver: UUID | None
    regime: str
    regime_version: str
    detected_at: datetime
    """When the first alert was raised: the filing clock starts here."""

    @property
    def since(self) -> datetime:
        return self.detected_at

    @property
    def asks_for_filing(self) -> bool:
        return self.disposition is Disposition.TRUE_POSITIVE


def seal_outcome(filing_public_key: bytes, outcome: OutcomeRow, filing_id: UUID) -> bytes:
    """Sealed to the filing side's X25519 key, padded to one size; the sender cannot open it again."""
    return seal_to(filing_public_key, canonical_json(outcome).ljust(ROW_BYTES), contexts.filing(filing_id))


def open_outcome(inbox_key: bytes, sealed: bytes, filing_id: UUID) -> OutcomeRow:
    """Raises `ValueError` for what was not sealed to this key for this filing."""
    try:
        raw = json.loads(open_sealed_to(inbox_key, sealed, contexts.filing(filing_id)))
    except SealBroken as error:
        raise ValueError("not an outcome sealed to this key") from error
    return OutcomeRow(
        tenant_id=UUID(raw["tenant_id"]),
        case_id=UUID(raw["case_id"]),
        disposition=Disposition(raw["disposition"]),
        maker=UUID(raw["maker"]),
        approver=None if raw["approver"] is None else UUID(raw["approver"]),
        regime=raw["regime"],
        regime_version=raw["regime_version"],
        detected_at=datetime.fromisoformat(raw["detected_at"]),
    )
