"""Customers against new list versions, hits to review, and lists brought up to date."""

from dataclasses import dataclass
from uuid import UUID

from workflows.messages.scope import Scope


@dataclass(frozen=True)
class Tally:
    """What a run has come to so far: numbers of customers, but for the hits."""

    screened: int = 0
    touched: int = 0
    """Those that a delta or a full run screened one by one."""
    new_hits: int = 0
    withdrawn: int = 0
    """Hits that no longer hold: entities that are gone or were amended."""
    unscreenable: int = 0
    """Whose data no query can be made of; they stay behind, and the log says so."""

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.screened + other.screened,
            self.touched + other.touched,
            self.new_hits + other.new_hits,
            self.withdrawn + other.withdrawn,
            self.unscreenable + other.unscreenable,
        )


@dataclass(frozen=True)
class RescreeningInput:
    """A tenant's customers who are not screened up to the versions in force; `after` and `tally` continue a run."""

    tenant_id: UUID
    after: UUID | None = None
    tally: Tally = Tally()
    slices: int = 0


@dataclass(frozen=True)
class RescreeningPlan:
    scope: Scope
    behind: int
    """Customers to look at."""
    state: str
    """The digest of what is in force."""


@dataclass(frozen=True)
class Slice:
    """Some customers after one, in the order of their ids."""

    scope: Scope
    after: UUID | None
    number: int


@dataclass(frozen=True)
class SliceDone:
    tally: Tally
    last: UUID | None
    """The last customer of the slice; None where there was none left."""


@dataclass(frozen=True)
class HitReviewInput:
    tenant_id: UUID
    screening_id: UUID
    officer_public_key: str


@dataclass(frozen=True)
class ScreeningCheckInput:
    """The nightly run over all tenants; `salt` draws the sample, the run's id where it is empty."""

    sample: int = 200
    """Customers a tenant."""
    salt: str = ""


@dataclass(frozen=True)
class TenantsToCheck:
    tenant_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class Sample:
    tenant_id: UUID
    size: int
    salt: str


@dataclass(frozen=True)
class SampleChecked:
    """How full screenings of a sample compare with what is on record."""

    tenant_id: UUID
    checked: int
    missed: int
    """Hits of a full screening that no record has."""
    surplus: int
    """Hits on record, of entities that did not change, that a full screening does not have."""


@dataclass(frozen=True)
class ScreeningChecked:
    samples: tuple[SampleChecked, ...] = ()


@dataclass(frozen=True)
class WatchlistUpdateInput:
    """Sources to fetch; those that are fetched daily where none is named."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceUpdate:
    source: str
    outcome: str
    """`new`, `unchanged`, `refused` or `failed`."""
    detail: str


@dataclass(frozen=True)
class WatchlistUpdated:
    updates: tuple[SourceUpdate, ...] = ()
