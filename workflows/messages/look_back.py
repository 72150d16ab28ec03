"""A tenant's stored history gone through again: how far, slice by slice, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflows.messages.scope import Scope


@dataclass(frozen=True)
class LookBackTally:
    """What a run has come to so far."""

    transactions: int = 0
    found: int = 0
    """Patterns that alone would have been an alert."""
    raised: int = 0
    """Those of them that no alert had named before: they are alerts now."""

    def plus(self, other: "LookBackTally") -> "LookBackTally":
        return LookBackTally(
            self.transactions + other.transactions, self.found + other.found, self.raised + other.raised
        )


@dataclass(frozen=True)
class LookBackPlace:
    """Up to where a run has come: history is read in the order of booking, in which every payment has one place."""

    booked_at: datetime
    ingest_seq: int


@dataclass(frozen=True)
class LookBackPlan:
    """What a run goes through: fixed at its start, so that payments that come meanwhile change no slice."""

    scope: Scope
    first: datetime
    """Payments booked from here on are read, so that what is usual is known."""
    since: datetime
    """Those booked from here on may raise an alert."""
    last_seq: int
    """The last payment that was stored when the run began."""
    transactions: int


@dataclass(frozen=True)
class LookBackInput:
    """One tenant's run; the other fields continue one."""

    tenant_id: UUID
    days: int
    plan: LookBackPlan | None = None
    after: LookBackPlace | None = None
    tally: LookBackTally = LookBackTally()
    slices: int = 0


@dataclass(frozen=True)
class LookBackSlice:
    plan: LookBackPlan
    after: LookBackPlace | None
    number: int


@dataclass(frozen=True)
class LookBackSliceDone:
    tally: LookBackTally
    last: LookBackPlace | None
    """None where nothing was left."""


@dataclass(frozen=True)
class NightlyLookBackInput:
    """The run over all tenants."""

    days: int = 180


@dataclass(frozen=True)
class LookedBack:
    tenants: int
    tally: LookBackTally
