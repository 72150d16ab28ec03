"""What the Temporal Web UI may tell about a run: four search attributes and the line of current details.

Search attributes are not encrypted, so they hold a tenant's id, states, ratings and case ids and nothing personal.
"""

from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributeKey

TENANT = SearchAttributeKey.for_keyword("ClearanceTenant")
STATE = SearchAttributeKey.for_keyword("ClearanceState")
RISK_RATING = SearchAttributeKey.for_keyword("ClearanceRiskRating")
CASE_ID = SearchAttributeKey.for_keyword("ClearanceCaseId")

SEARCH_ATTRIBUTES = (TENANT, STATE, RISK_RATING, CASE_ID)
"""What `clearance provision` registers in every namespace."""


def show_tenant(tenant_id: UUID) -> None:
    workflow.upsert_search_attributes([TENANT.value_set(str(tenant_id))])


def show_state(state: str, details: str) -> None:
    """Set where the run stands, and one sentence for whoever opens it. The sentence travels encrypted."""
    workflow.upsert_search_attributes([STATE.value_set(state)])
    workflow.set_current_details(details)


def show_rating(rating: str) -> None:
    workflow.upsert_search_attributes([RISK_RATING.value_set(rating)])


def show_case(case_id: UUID) -> None:
    workflow.upsert_search_attributes([CASE_ID.value_set(str(case_id))])
