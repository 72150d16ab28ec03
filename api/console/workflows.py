"""How to read a case's run in the Temporal Web UI: the page that says what to switch on there, and what is missing."""

from fastapi import APIRouter, Request, Response

from api.auth import CurrentServices, needs
from api.console.page import PageRoute, render
from api.console.session import origin
from api.permissions import Permission
from api.services import TemporalDown

router = APIRouter(prefix="/console/workflows", include_in_schema=False, route_class=PageRoute)

_CASES = "WorkflowType = 'CaseWorkflow' AND "

VIEWS = (
    ("Waiting for officers", _CASES + "ExecutionStatus = 'Running' AND ClearanceState IN ('open', 'claimed')"),
    ("Waiting for the second officer", _CASES + "ClearanceState = 'awaiting_approval'"),
    ("Onboarding under way", "WorkflowType = 'OnboardingWorkflow' AND ExecutionStatus = 'Running'"),
    ("High risk", "ClearanceRiskRating = 'high'"),
    ("Failed", "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')"),
)
"""Queries that officers use; operators' are in docs/operations.md."""


@router.get("", openapi_extra=needs(Permission.READ_CASES))
async def show(request: Request, services: CurrentServices) -> Response:
    """Steps, links to useful views, and what is missing."""
    try:
        await services.temporal()
        reachable = True
    except TemporalDown:
        reachable = False
    return render(
        request,
        "workflows.html",
        console=services.console,
        reachable=reachable,
        queries=VIEWS,
        endpoint=f"{origin(request)}/console/codec",
    )
