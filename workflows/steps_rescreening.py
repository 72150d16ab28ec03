"""The steps of rescreening and of list updates, declared as in `workflows.steps`, which is long enough."""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows import messages as m


class RescreeningSteps(ABC):
    """Customers against the versions in force."""

    @abstractmethod
    @activity.defn
    async def plan_rescreening(self, tenant: m.RescreeningInput) -> m.RescreeningPlan:
        """How many of a tenant's customers are not screened up to what is in force, and under which regime."""

    @abstractmethod
    @activity.defn
    async def rescreen_slice(self, some: m.Slice) -> m.SliceDone:
        """Screen the next customers: by what changed since their last screening where that tells, else in full."""

    @abstractmethod
    @activity.defn
    async def admit_hits(self, review: m.HitReviewInput) -> m.OpenCase:
        """Say what case a screening's new hits ask for."""

    @abstractmethod
    @activity.defn
    async def remember_cleared(self, closed: m.CaseClosed) -> int:
        """Remember the hits that a closed case found to be other people; how many."""

    @abstractmethod
    @activity.defn
    async def tenants_to_check(self) -> m.TenantsToCheck:
        """Every tenant."""

    @abstractmethod
    @activity.defn
    async def check_sample(self, sample: m.Sample) -> m.SampleChecked:
        """Screen a sample in full and compare with what is on record; what was missed goes to officers at once."""


class WatchlistSteps(ABC):
    """Run by the worker that reaches the lists' sources."""

    @abstractmethod
    @activity.defn
    async def update_watchlists(self, wanted: m.WatchlistUpdateInput) -> m.WatchlistUpdated:
        """Fetch lists from their sources and put into force what is new."""
