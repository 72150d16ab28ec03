"""What starts a filing, as its sealed row says: how an alert case ended, a day of cash, or a freeze.

The first comes from the investigations (`activities.outcomes`), the others are found by the filing side itself, which
seals them to its own key: rows of all origins look alike.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from activities.outcomes import ROW_BYTES, OutcomeRow, open_outcome
from explain.record import canonical_json
from vault import contexts
from vault.envelope import SealBroken, open_sealed_to, seal_to


@dataclass(frozen=True, slots=True)
class CashDuty:
    """One customer's cash of one business day exceeded the threshold."""

    tenant_id: UUID
    customer_id: UUID
    day: date
    regime: str
    time_zone: str
    duty: str = "cash"

    @property
    def filing_id(self) -> UUID:
        return uuid5(self.customer_id, f"cash:{self.day.isoformat()}")

    @property
    def asks_for_filing(self) -> bool:
        return True

    @property
    def since(self) -> datetime:
        """The end of the day: cash can be counted then."""
        return day_bounds(self.day, self.time_zone)[1]


@dataclass(frozen=True, slots=True)
class FreezeDuty:
    """A person was frozen for sanctions."""

    tenant_id: UUID
    freeze_id: UUID
    frozen_at: datetime
    regime: str
    duty: str = "freeze"

    @property
    def filing_id(self) -> UUID:
        return uuid5(self.freeze_id, "report")

    @property
    def asks_for_filing(self) -> bool:
        return True

    @property
    def since(self) -> datetime:
        return self.frozen_at


FilingMatter = OutcomeRow | CashDuty | FreezeDuty


def seal_duty(inbox_key: bytes, duty: CashDuty | FreezeDuty) -> bytes:
    """Sealed to the filing side's own public key, and of the size that outcomes have."""
    public = X25519PrivateKey.from_private_bytes(inbox_key).public_key().public_bytes_raw()
    return seal_to(public, canonical_json(duty).ljust(ROW_BYTES), contexts.filing(duty.filing_id))


def open_matter(inbox_key: bytes, sealed: bytes, filing_id: UUID) -> FilingMatter:
    """Raises `ValueError` for what was not sealed to this key for this filing."""
    try:
        raw = json.loads(open_sealed_to(inbox_key, sealed, contexts.filing(filing_id)))
    except SealBroken as error:
        raise ValueError("not a matter sealed to this key") from error
    match raw.get("duty"):
        case "cash":
            return CashDuty(
                tenant_id=UUID(raw["tenant_id"]),
                customer_id=UUID(raw["customer_id"]),
                day=date.fromisoformat(raw["day"]),
                regime=raw["regime"],
                time_zone=raw["time_zone"],
            )
        case "freeze":
            return FreezeDuty(
                tenant_id=UUID(raw["tenant_id"]),
                freeze_id=UUID(raw["freeze_id"]),
                frozen_at=datetime.fromisoformat(raw["frozen_at"]),
                regime=raw["regime"],
            )
        case _:
            return open_outcome(inbox_key, sealed, filing_id)


def day_bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """The instants at which a business day begins and ends where the filer is, in UTC."""
    zone = ZoneInfo(time_zone)
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return begin.astimezone(UTC), end.astimezone(UTC)
