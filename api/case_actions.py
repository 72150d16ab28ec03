"""What becomes of an officer's action on a case: looked at, its words sealed, sent to the workflow, refusals audited.

Apart from the routes because bulk actions and the console act in the same way, one case at a time.
"""

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import cast
from uuid import UUID, uuid4, uuid5

from api.auth import Principal
from api.officers import ActionRefused, Intent, WorkflowEnded, act_on_case, look
from api.permissions import Permission
from api.schemas.cases import CaseStateOut, Status
from api.services import Services
from api.subject_keys import subject_key
from store.applications import fetch_application
from store.audit import record_read, record_refusal
from store.cases import Case, add_reason, cases_about, fetch_case
from store.connection import Connection, tenant_transaction
from store.credentials import fetch_officer
from store.outbox import NewOutbox, add
from vault import contexts
from vault.envelope import seal
from workflows.assertions import AssertionClaims, Purpose, mint
from workflows.messages import CaseAction, CaseDetail, CaseState, Disposition, Kind, workflow_id
from workflows.reopening import NO_RUN

WORKS_CASES = frozenset({"analyst", "approver"})

_PERMISSIONS: Mapping[CaseAction, Permission] = {
    CaseAction.APPROVE: Permission.APPROVE_CASES,
    CaseAction.RETURN: Permission.APPROVE_CASES,
    CaseAction.ASSIGN: Permission.ASSIGN_CASES,
}


def permission_for(action: CaseAction) -> Permission:
    """What an officer has to be allowed to take an action; the workflow asks for the role again."""
    return _PERMISSIONS.get(action, Permission.WORK_CASES)


async def act(
    services: Services,
    principal: Principal,
    case_id: UUID,
    action: CaseAction,
    revision: int | None,
    *,
    disposition: Disposition | None = None,
    reason: str | None = None,
    detail: CaseDetail | None = None,
) -> CaseStateOut:
    """The case after the action. Raises what `api.officers` raises, and `store.cases.CaseUnknown`."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
        if action is CaseAction.ASSIGN:
            await _check_assignee(connection, detail)
    if case.status == "closed":
        raise WorkflowEnded
    handle, present = await look(services.temporal, case.workflow_id, CaseState)
    permission = permission_for(action)
    if action is CaseAction.CLAIM and present.escalated and Permission.APPROVE_CASES in principal.permissions:
        permission = Permission.APPROVE_CASES  # an officer with both roles takes it as the approver that it waits for
    reason_id, reason_sha256 = None, ""
    if reason is not None:
        reason_id, reason_sha256 = await keep_reason(services, principal, case, reason)
    intent = Intent(case_id, action, permission, revision, disposition, reason_id, reason_sha256, _in_utc(detail))
    try:
        after = await act_on_case(handle, present, services, principal, intent)
    except ActionRefused as refusal:
        await _audit_refusal(services, principal, action, case_id, refusal.code)
        raise
    return CaseStateOut(
        case_id=case_id,
        revision=after.revision,
        status=cast(Status, after.status),
        claimed_by=after.claimed_by,
        maker=after.maker,
        disposition=after.disposition,
        snoozed_until=after.snoozed_until,
        request_due_at=after.request_due_at,
    )


async def reopen(services: Services, principal: Principal, case_id: UUID, revision: int, reason: str) -> UUID:
    """Ask for a closed case to be opened again; the re-opening's id. It is written before anybody is told so, and done
    once the workflow service is there. Raises `ActionRefused` where it cannot be done."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        case = await fetch_case(connection, case_id)
        refusal = await _why_not_reopened(connection, case, principal, revision)
    if refusal is not None:
        await _audit_refusal(services, principal, CaseAction.REOPEN, case_id, refusal.code)
        raise refusal
    reason_id, reason_sha256 = await keep_reason(services, principal, case, reason)
    reopening_id, now = uuid5(case_id, f"reopen/{revision}"), services.clock()
    purpose = Purpose(case_id, NO_RUN, revision, CaseAction.REOPEN, principal.person, reason_sha256=reason_sha256)
    role = principal.role_allowing(Permission.WORK_CASES).value
    row = NewOutbox(
        outbox_id=reopening_id,
        tenant_id=principal.tenant_id,
        kind=Kind.REOPENING.value,
        workflow_id=workflow_id(Kind.REOPENING, reopening_id),
        payload={
            "reopening_id": str(reopening_id),
            "case_id": str(case_id),
            "revision": revision,
            "officer_id": str(principal.person),
            "reason_id": str(reason_id),
            "reason_sha256": reason_sha256,
            "assertion": mint(AssertionClaims(purpose, role, issued_at=now), services.assertion_key),
            "asked_at": now.isoformat(),
        },
    )
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await add(connection, row)
        await record_read(connection, principal.actor, CaseAction.REOPEN.value, f"case:{case_id}")
    return reopening_id


async def keep_reason(services: Services, principal: Principal, case: Case, reason: str) -> tuple[UUID, str]:
    """Seal an officer's words; their id and the digest of the sealed bytes, from which nothing can be guessed."""
    reason_id = uuid4()
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        data_key = await subject_key(connection, services, principal.tenant_id, case.subject_id)
        sealed = seal(data_key, reason.encode(), contexts.reason(reason_id))
        digest = sha256(sealed).hexdigest()
        await add_reason(
            connection,
            reason_id,
            sealed,
            digest,
            tenant_id=principal.tenant_id,
            case_id=case.case_id,
            officer_id=principal.person,
        )
    return reason_id, digest


async def _why_not_reopened(
    connection: Connection, case: Case, principal: Principal, revision: int
) -> ActionRefused | None:
    if case.status != "closed":
        return ActionRefused("STATUS_DIFFERS", f"reopen is not possible while {case.status}")
    if case.revision != revision:
        return ActionRefused("REVISION_DIFFERS", "someone acted in between: look at the case again")
    if principal.person in case.excluded_officers:
        return ActionRefused("OFFICER_EXCLUDED", "this case is for someone who took no part in it before")
    kind, _, number = case.about.partition(":")
    if kind == "application":
        application = await fetch_application(connection, UUID(number))
        if application is None or application.state != "concluded":
            return ActionRefused("REOPEN_UNFIT", "its application is under review already")
        if (await cases_about(connection, case.about))[-1].case_id != case.case_id:
            return ActionRefused("REOPEN_UNFIT", "a later case decided about the application: open that one again")
    return None


async def _check_assignee(connection: Connection, detail: CaseDetail | None) -> None:
    """Whether there is such an officer, at work, who may work on cases. What the workflow cannot know."""
    officer = await fetch_officer(connection, detail.assignee) if detail and detail.assignee else None
    if officer is None or not officer.active or WORKS_CASES.isdisjoint(officer.roles):
        raise ActionRefused("ASSIGNEE_UNFIT", "name an active officer who is an analyst or an approver")


async def _audit_refusal(
    services: Services, principal: Principal, action: CaseAction, case_id: UUID, code: str
) -> None:
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await record_refusal(connection, principal.actor, action.value, f"case:{case_id}", code)


def _in_utc(detail: CaseDetail | None) -> CaseDetail | None:
    """One way to write an instant, so that both sides digest the same text."""
    if detail is None or detail.until is None:
        return detail
    return CaseDetail(detail.assignee, detail.until.astimezone(UTC), detail.item_id, detail.item_sha256, detail.code)
