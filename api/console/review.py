"""How the desk is doing, as a page: what `GET /v1/metrics/review` answers, with bars beside the numbers."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.officers import logins
from api.console.page import PageRoute, day, midnight, render
from api.permissions import Permission
from api.routes import metrics

router = APIRouter(prefix="/console/review", include_in_schema=False, route_class=PageRoute)

_USUAL_DAYS = 90
MOST_OFFICERS = 50
"""Shown by name; the API answers all."""
FEW = 10
"""Of fewer decided cases a precision says little: the page says so."""


@router.get("", openapi_extra=needs(Permission.READ_METRICS))
async def show(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Of the cases closed on these days, both included. Audited."""
    today = services.clock().date()
    last = day(until, today)
    first = min(day(since, last - timedelta(days=_USUAL_DAYS)), last)
    found = await metrics.review(principal, services, midnight(first), midnight(last + timedelta(days=1)))
    busy = sorted(found.officers, key=lambda each: (-each.actions, -each.holds, each.officer_id))
    closed = sum(each.closed for each in found.time_to_decision)
    return render(
        request,
        "review.html",
        found=found,
        since=first.isoformat(),
        until=last.isoformat(),
        closed=closed,
        late=sum(each.late for each in found.time_to_decision),
        held=sum(each.holds for each in found.officers),
        reasons_most=max(found.false_positive_reasons.values(), default=0),
        reasons_all=sum(found.false_positive_reasons.values()),
        slowest=max((each.p95_seconds for each in found.time_to_decision), default=0.0),
        busiest=max((each.decided + each.approved + each.returned for each in found.officers), default=0),
        busy=busy[:MOST_OFFICERS],
        more_officers=len(busy) - MOST_OFFICERS,
        officers=await logins((each.officer_id for each in busy[:MOST_OFFICERS]), principal, services),
        few=FEW,
    )
