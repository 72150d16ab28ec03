"""For auditors: what was decided, by what, and who looked at it."""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, Principal, needs
from api.console.officers import logins
from api.console.page import PageRoute, day, midnight, render, see
from api.paging import After, Cursor, cursor
from api.permissions import Permission
from api.routes.decisions import list_about
from api.schemas.decisions import DecisionRow
from api.services import Services
from explain.record import DecisionKind
from store.audit import AuditRow, record_read
from store.connection import tenant_transaction
from store.search import search_audit, search_decisions

router = APIRouter(prefix="/console/audit", include_in_schema=False, route_class=PageRoute)

ROWS = 50
_USUAL_DAYS = 30


@router.get("", openapi_extra=needs(Permission.READ_DECISIONS))
async def decisions(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    kind: DecisionKind | str = "",
    outcome: Annotated[str, Query(max_length=60)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    find: Annotated[str, Query(max_length=220)] = "",
    after: After = None,
) -> Response:
    """Decisions, newest first; a whole id leads to what it names. The search is audited."""
    wanted = find.strip()
    if wanted:
        return await _found(request, principal, services, wanted)
    today = services.clock().date()
    first, last = day(since, today - timedelta(days=_USUAL_DAYS)), day(until, today)
    start = cursor(after)
    kinds = [each.value for each in DecisionKind if each is not DecisionKind.FILING_TRIGGER]
    chosen = str(kind) if str(kind) in kinds else ""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        rows = await search_decisions(
            connection,
            since=midnight(first),
            until=midnight(last + timedelta(days=1)),
            kind=chosen or None,
            outcome=outcome.strip() or None,
            before=(start.instant, start.row_id) if start else None,
            limit=ROWS + 1,
        )
        await record_read(connection, principal.actor, "search decisions", f"kind:{chosen or 'any'}")
    page = rows[:ROWS]
    kept = {"kind": chosen, "outcome": outcome.strip(), "since": first.isoformat(), "until": last.isoformat()}
    following = Cursor(page[-1].created_at, page[-1].decision_id).encode() if len(rows) > ROWS else ""
    return render(
        request,
        "audit.html",
        rows=page,
        kinds=kinds,
        chosen=chosen,
        outcome=outcome.strip(),
        since=first.isoformat(),
        until=last.isoformat(),
        following=urlencode({k: v for k, v in kept.items() if v} | {"after": following}) if following else "",
        missing="",
        find="",
    )


async def _found(request: Request, principal: Principal, services: Services, wanted: str) -> Response:
    """Decisions on `kind:id`, or the page of a decision's id."""
    wanted_rows: list[DecisionRow] = []
    if ":" not in wanted:
        with suppress(ValueError):
            return see(f"/console/decisions/{UUID(wanted)}")
    else:
        wanted_rows = (await list_about(principal, services, wanted, 500)).decisions
    return render(
        request,
        "audit.html",
        rows=wanted_rows,
        kinds=[],
        chosen="",
        outcome="",
        since="",
        until="",
        following="",
        missing="" if wanted_rows else wanted,
        find=wanted,
    )


@router.get("/reads", openapi_extra=needs(Permission.READ_AUDIT))
async def reads(
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    about: Annotated[str, Query(max_length=220)] = "",
    actor: Annotated[str, Query(max_length=100)] = "",
    refused: bool = False,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Who saw what and who was refused. Looking here is recorded too."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        rows = await search_audit(
            connection,
            about=about.strip() or None,
            actor=actor.strip() or None,
            refused=refused,
            # That there are filings at all is secret from those who do not file.
            with_filings=Permission.FILE in principal.permissions,
            before=before,
            limit=ROWS + 1,
        )
        await record_read(connection, principal.actor, "search audit", about.strip() or actor.strip() or "audit")
    page = rows[:ROWS]
    kept = {"about": about.strip(), "actor": actor.strip(), "refused": "true" if refused else ""}
    older = {"before": page[-1].audit_id} if len(rows) > ROWS else {}
    names = await logins((_officer(row) for row in page), principal, services)
    return render(
        request,
        "reads.html",
        rows=page,
        about=about.strip(),
        actor=actor.strip(),
        refused=refused,
        names={f"officer:{officer_id}": login for officer_id, login in names.items()},
        following=urlencode({k: v for k, v in {**kept, **older}.items() if v}) if older else "",
    )


def _officer(row: AuditRow) -> UUID | None:
    kind, _, actor = row.actor.partition(":")
    return UUID(actor) if kind == "officer" else None
