"""The officers' queue: what is urgent, narrowed by what they can work on, and the next case in one step."""

from typing import Annotated, Literal, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, Principal, needs
from api.console.officers import logins
from api.console.page import PageRoute, render, see
from api.paging import QueueAfter
from api.permissions import Permission
from api.routes import cases
from api.schemas.cases import CaseList, CaseRow, Kind, Status
from api.services import Services
from store.connection import tenant_transaction
from store.queue import Order, QueueFilter, count_queue

router = APIRouter(prefix="/console", include_in_schema=False, route_class=PageRoute)

ROWS = 50
_LOOK_AHEAD = 20
"""How many of the most urgent cases are looked through for one that this officer can take."""

VIEWS = {
    "work": "To work on",
    "mine": "Mine",
    "approve": "To approve",
    "late": "Past the deadline",
    "closed": "Closed",
    "all": "All open",
}
"""The queue's tabs; each is a filter of the API's."""
View = Literal["work", "mine", "approve", "late", "closed", "all"]


@router.get("", openapi_extra=needs(Permission.READ_CASES))
async def show(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    view: View = "work",
    kind: Kind | Literal[""] = "",
    reason: Annotated[str, Query(max_length=100)] = "",
    risk: Annotated[int, Query(ge=0, le=100)] = 0,
    sort: Order = Order.DEADLINE,
    after: QueueAfter = None,
) -> Response:
    """A page of the queue. Nothing personal is in it."""
    kept = {"view": view, "kind": kind, "reason": reason, "risk": risk or "", "sort": sort.value}
    found = await _list(principal, services, view, kind, reason, risk, sort, ROWS, after)
    return render(
        request,
        "queue.html",
        rows=found.cases,
        views=VIEWS,
        view=view,
        kind=kind,
        kinds=get_args(Kind),
        reason=reason,
        risk=risk,
        sort=sort.value,
        sorts=_SORTS,
        following=urlencode({k: v for k, v in kept.items() if v} | {"after": found.next}) if found.next else "",
        begun=after is not None,
        link=lambda **changed: "/console?" + urlencode({k: v for k, v in {**kept, **changed}.items() if v}),
        officers=await logins((row.claimed_by for row in found.cases), principal, services),
        filtered=bool(kind or reason or risk),
        escalated=await _escalated(principal, services),
        picking=view != "closed" and Permission.WORK_CASES in principal.permissions,
    )


MOST_COUNTED = 100


async def _escalated(principal: Principal, services: Services) -> int:
    """How many cases wait for an approver because their time is up, for those who can take them."""
    if Permission.APPROVE_CASES not in principal.permissions:
        return 0
    wanted = QueueFilter(statuses=("open",), escalated=True)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        return await count_queue(connection, wanted, MOST_COUNTED)


_SORTS = {"deadline": "Deadline", "risk": "Risk", "newest": "Newest"}


@router.get("/next", openapi_extra=needs(Permission.READ_CASES))
async def next_case(
    principal: CurrentPrincipal,
    services: CurrentServices,
    past: Annotated[UUID | None, Query(description="The case that the officer comes from.")] = None,
) -> Response:
    """The most urgent case that this officer can act on; the queue, which says so, where there is none."""
    own = await _list(principal, services, "mine", "", "", 0, Order.DEADLINE, _LOOK_AHEAD)
    views: tuple[View, ...] = ("approve", "work") if Permission.APPROVE_CASES in principal.permissions else ("work",)
    waiting = [
        row
        for view in views
        for row in (await _list(principal, services, view, "", "", 0, Order.DEADLINE, _LOOK_AHEAD)).cases
    ]
    ready = [row for row in (*own.cases, *waiting) if _can_act(row, principal)]
    chosen = _after([row.case_id for row in ready], past)
    return see(f"/console/cases/{chosen}" if chosen else "/console?view=work")


def _after(ready: list[UUID], past: UUID | None) -> UUID | None:
    """The one behind `past`, beginning anew at the end: the key pressed again goes through all of them."""
    distinct = list(dict.fromkeys(ready))
    if past in distinct:
        place = distinct.index(past)
        distinct = distinct[place + 1 :] + distinct[:place]
    return distinct[0] if distinct else None


def _can_act(row: CaseRow, principal: Principal) -> bool:
    if row.status in ("awaiting_approval", "reopening"):
        return Permission.APPROVE_CASES in principal.permissions and row.maker != principal.officer_id
    if row.status == "open":
        return not row.escalated or Permission.APPROVE_CASES in principal.permissions
    return row.claimed_by == principal.officer_id


async def _list(
    principal: Principal,
    services: Services,
    view: View,
    kind: str,
    reason: str,
    risk: int,
    sort: Order,
    limit: int,
    after: str | None = None,
) -> CaseList:
    statuses: dict[str, list[str] | None] = {
        "work": ["open"],
        "mine": None,
        "approve": ["awaiting_approval", "reopening"],
        "late": None,
        "closed": ["closed"],
        "all": None,
    }
    return await cases.queue(
        principal,
        services,
        status=cast(list[Status] | None, statuses[view]),
        kind=[cast(Kind, kind)] if kind else None,
        assignee="me" if view == "mine" else None,
        reason=reason or None,
        min_risk=risk,
        due_before=services.clock() if view == "late" else None,
        due_after=None,
        # What has run past its deadline waits for approvers: nobody else is shown it as theirs to take.
        escalated=False if view == "work" and Permission.APPROVE_CASES not in principal.permissions else None,
        snoozed=view in ("mine", "all", "closed"),
        sort=sort,
        limit=limit,
        after=after,
    )
