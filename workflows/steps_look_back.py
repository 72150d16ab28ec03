"""The steps of look-backs, declared as in `workflows.steps`, which is long enough."""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows import messages as m


class LookBackSteps(ABC):
    """A tenant's stored payments gone through again, in the order of booking."""

    @abstractmethod
    @activity.defn
    async def tenants_to_look_back(self) -> m.TenantsToCheck:
        """Every tenant."""

    @abstractmethod
    @activity.defn
    async def plan_look_back(self, tenant: m.LookBackInput) -> m.LookBackPlan:
        """Fix what a run goes through, and under which regime."""

    @abstractmethod
    @activity.defn
    async def look_back_slice(self, some: m.LookBackSlice) -> m.LookBackSliceDone:
        """Go through the next payments; what they show that no alert has named becomes an alert with its decision."""
