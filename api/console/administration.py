"""Administrators' pages: officers with their roles, and the issuers who vouch for them. Own tenant only, all audited.

Each form goes to the API's own function, which knows that nobody changes their own rights.
"""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.auth import CurrentIdentities, CurrentPrincipal, CurrentServices, NotFound, needs
from api.console.page import FormIncomplete, PageRoute, Submitted, checked, render, see, text, texts
from api.permissions import Permission, Role
from api.routes import officers
from api.routes.officers import IssuerIn, OfficerChange, OfficerIn

router = APIRouter(prefix="/console", include_in_schema=False, route_class=PageRoute)

_MANAGE = needs(Permission.MANAGE_OFFICERS)

ROLES: dict[Role, str] = {
    Role.SUBMITTER: "submits applicants, sees of them what they may see, opens accounts",
    Role.ANALYST: "reads and works on cases",
    Role.APPROVER: "as an analyst; approves what others decided, assigns, sees the figures",
    Role.FILING_OFFICER: "reads as an analyst; reports, which nobody else can see to exist",
    Role.AUDITOR: "reads everything but reports, and who read what",
    Role.ADMINISTRATOR: "these pages; no person and no case",
}
"""What a role is for, beside its box."""

_DONE = {
    "roles": "The roles are in force now: at once here, within two seconds everywhere.",
    "off": "Deactivated: no session and no token of theirs opens anything.",
    "on": "Active again, with the roles below.",
    "accepted": "The issuer is accepted.",
    "ended": "The issuer is ended: its tokens and the sessions that rest on it open nothing any more.",
}


@router.get("/officers", openapi_extra=_MANAGE)
async def list_officers(
    request: Request, principal: CurrentPrincipal, services: CurrentServices, done: str = ""
) -> Response:
    """All officers, those who left last."""
    found = await officers.list_all(principal, services)
    rows = sorted(found.officers, key=lambda each: (not each.active, each.login))
    return render(request, "officers.html", rows=rows, roles=ROLES, done=_DONE.get(done, ""))


@router.post("/officers", openapi_extra=_MANAGE)
async def add(request: Request, form: Submitted, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    """The answer shows the password, once: it is a page, not a redirect, because it cannot be had again."""
    made = await officers.add(checked(OfficerIn, login=text(form, "login"), roles=_roles(form)), principal, services)
    return render(request, "officer_made.html", officer=made, new=True)


@router.get("/officers/{officer_id}", openapi_extra=_MANAGE)
async def show(
    officer_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices, done: str = ""
) -> Response:
    """One officer, and what can be changed about them."""
    found = await officers.list_all(principal, services)
    officer = next((each for each in found.officers if each.officer_id == officer_id), None)
    if officer is None:
        raise NotFound
    own = officer_id == principal.officer_id
    return render(request, "officer.html", officer=officer, own=own, roles=ROLES, done=_DONE.get(done, ""))


@router.post("/officers/{officer_id}/roles", openapi_extra=_MANAGE)
async def change_roles(
    officer_id: UUID,
    form: Submitted,
    principal: CurrentPrincipal,
    services: CurrentServices,
    identities: CurrentIdentities,
) -> Response:
    body = checked(OfficerChange, roles=_roles(form))
    await officers.change(officer_id, body, principal, services, identities)
    return see(f"/console/officers/{officer_id}?done=roles")


@router.post("/officers/{officer_id}/active", openapi_extra=_MANAGE)
async def change_active(
    officer_id: UUID,
    form: Submitted,
    principal: CurrentPrincipal,
    services: CurrentServices,
    identities: CurrentIdentities,
) -> Response:
    active = text(form, "active") == "true"
    await officers.change(officer_id, OfficerChange(active=active), principal, services, identities)
    return see(f"/console/officers/{officer_id}?done={'on' if active else 'off'}")


@router.post("/officers/{officer_id}/password", openapi_extra=_MANAGE)
async def new_password(
    officer_id: UUID,
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    identities: CurrentIdentities,
) -> Response:
    """Shown once."""
    changed = await officers.change(officer_id, OfficerChange(new_password=True), principal, services, identities)
    return render(request, "officer_made.html", officer=changed, new=False)


def _roles(form: Any) -> list[str]:
    """Raises `FormIncomplete`."""
    roles = texts(form, "roles")
    if not roles:
        raise FormIncomplete(("Roles: tick at least one; to take all of them away, deactivate the officer",))
    return roles


# --- Issuers ---------------------------------------------------------------------------------------------------------


@router.get("/issuers", openapi_extra=_MANAGE)
async def list_issuers(
    request: Request, principal: CurrentPrincipal, services: CurrentServices, done: str = ""
) -> Response:
    """Issuers beside the built-in one."""
    found = await officers.issuers(principal, services)
    return render(
        request,
        "issuers.html",
        rows=found.issuers,
        roles=[role.value for role in Role],
        redirect_uri=services.sign_in_address,
        done=_DONE.get(done, ""),
    )


@router.post("/issuers", openapi_extra=_MANAGE)
async def accept(
    form: Submitted, principal: CurrentPrincipal, services: CurrentServices, identities: CurrentIdentities
) -> Response:
    """What the issuer says of itself is fetched now; what is missing is told."""
    body = checked(
        IssuerIn,
        issuer=text(form, "issuer"),
        audience=text(form, "audience"),
        role_claim=text(form, "role_claim"),
        roles=_table(text(form, "roles")),
        sign_in=text(form, "sign_in") == "true",
    )
    await officers.accept(body, principal, services, identities)
    return see("/console/issuers?done=accepted")


@router.post("/issuers/{issuer_id}/end", openapi_extra=_MANAGE)
async def end(issuer_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    await officers.refuse(issuer_id, principal, services)
    return see("/console/issuers?done=ended")


def _table(lines: str) -> dict[str, str]:
    """`their word = our role`, one a line. Raises `FormIncomplete`."""
    table = {}
    for line in filter(None, (each.strip() for each in lines.splitlines())):
        word, sign, role = (part.strip() for part in line.rpartition("="))
        if not sign or not word or role not in set(Role):
            raise FormIncomplete((f"Roles: {line!r} is not their word, `=`, and one of {', '.join(Role)}",))
        table[word] = role
    return table
