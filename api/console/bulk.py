"""The same action on several cases of the queue: which fit is shown first, what became of each afterwards.

Every case goes to the API's bulk action with the revision that was shown here, and is refused by itself: what an
officer may not do to one case, they may not do to many.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, Principal, needs
from api.console.officers import colleagues, logins
from api.console.page import FormIncomplete, PageRoute, Submitted, checked, render, text, texts
from api.permissions import Permission
from api.routes import case_actions
from api.schemas.cases import BulkIn
from api.services import Services
from store.audit import record_read
from store.connection import tenant_transaction
from store.queue import QueueFilter, QueueRow, fetch_queue
from workflows.messages import Disposition, FalsePositiveReason
from workflows.review import DISPOSITIONS

router = APIRouter(prefix="/console/bulk", include_in_schema=False, route_class=PageRoute)

MOST = 100
"""As the API takes at once."""
_WORK = needs(Permission.WORK_CASES)
Action = Literal["claim", "release", "assign", "decide", "approve", "return"]


@dataclass(frozen=True, slots=True)
class Fitting:
    """The chosen cases by what this officer could do with each."""

    claim: Sequence[QueueRow]
    assign: Sequence[QueueRow]
    own: Sequence[QueueRow]
    approve: Sequence[QueueRow]
    decided: Mapping[str, int]
    """How often each disposition stands among those to approve."""
    dispositions: Sequence[Disposition]
    """In which all of the officer's own could end."""


@router.post("", openapi_extra=_WORK)
async def choose(request: Request, form: Submitted, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    """What is chosen, as it stands now, and what can be done with it. Changes nothing. Audited."""
    rows = await _chosen(_ids(texts(form, "case")), principal, services)
    return render(
        request,
        "bulk.html",
        rows=rows,
        fit=_fitting(rows, principal),
        officers=await logins((row.claimed_by for row in rows), principal, services),
        colleagues=await colleagues(principal, services) if Permission.ASSIGN_CASES in principal.permissions else [],
        reasons=[each.value for each in FalsePositiveReason],
    )


@router.post("/{action}", openapi_extra=_WORK)
async def act(
    action: Action, request: Request, form: Submitted, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """Done, case by case; the page says what became of each. Sent again, nothing is done twice: revisions differ."""
    pairs = [each.partition(":") for each in texts(form, "case")]
    disposition = text(form, "disposition") if action == "decide" else ""
    why = text(form, "false_positive_reason") if disposition == Disposition.FALSE_POSITIVE else ""
    if action in ("decide", "return") and not text(form, "reason"):
        raise FormIncomplete(("Reason: say why, for all of them",))
    body = checked(
        BulkIn,
        action=action,
        cases=[{"case_id": case_id, "revision": revision} for case_id, _, revision in pairs],
        disposition=disposition or None,
        reason=text(form, "reason") or None,
        false_positive_reason=why or None,
        officer_id=text(form, "officer_id") or None if action == "assign" else None,
    )
    done = await case_actions.bulk(body, principal, services)
    return render(
        request,
        "bulk_done.html",
        action=action,
        results=done.results,
        failed=[each for each in done.results if each.problem],
    )


def _ids(given: Sequence[str]) -> list[UUID]:
    """Raises `FormIncomplete`."""
    try:
        ids = list(dict.fromkeys(UUID(each) for each in given))
    except ValueError as error:
        raise FormIncomplete(("Cases: go back to the queue and choose again",)) from error
    if not 1 <= len(ids) <= MOST:
        raise FormIncomplete((f"Cases: choose one in the queue, and at most {MOST}",))
    return ids


async def _chosen(ids: Sequence[UUID], principal: Principal, services: Services) -> list[QueueRow]:
    """Those that are still open, by deadline."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        found = await fetch_queue(connection, QueueFilter(cases=ids, with_snoozed=True), limit=MOST)
        await record_read(connection, principal.actor, "list", "cases", f"{len(found)} chosen")
    return found


def _fitting(rows: Sequence[QueueRow], principal: Principal) -> Fitting:
    """What the workflows would refuse anyway is not offered; that they refuse it does not depend on this."""
    own = [row for row in rows if row.status == "claimed" and row.claimed_by == principal.officer_id]
    may = principal.permissions
    approve = [
        row
        for row in rows
        if row.status == "awaiting_approval" and row.maker != principal.officer_id and Permission.APPROVE_CASES in may
    ]
    kinds = {row.kind for row in own}
    return Fitting(
        claim=[row for row in rows if row.status == "open" and (not row.escalated or Permission.APPROVE_CASES in may)],
        assign=[row for row in rows if row.status in ("open", "claimed") and Permission.ASSIGN_CASES in may],
        own=own,
        approve=approve,
        decided=Counter(row.disposition or "undecided" for row in approve),
        dispositions=[each for each in Disposition if kinds and all(each in DISPOSITIONS[kind] for kind in kinds)],
    )
