"""What filing officers do to filings: each action goes to the filing's workflow, its words sealed, refusals audited."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends

from aml.reports.acknowledgement import parse_answer
from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.officers import ActionRefused, Intent, WorkflowEnded, act_on_filing, look
from api.permissions import Permission
from api.routes.filings import CurrentFilings
from api.schemas.filings import FilingActionIn, FilingAnswerIn, FilingReturnIn, FilingStateOut
from api.schemas.problems import problem_responses
from api.services import FilingServices, Services
from store.audit import record_refusal
from store.connection import tenant_transaction
from store.filing_reasons import NewFilingReason, add_filing_reason
from store.filings import Filing, fetch_filing
from vault import contexts
from vault.envelope import new_data_key, seal
from workflows.messages import FilingAction, FilingState, Kind, workflow_id

router = APIRouter(prefix="/v1/filings", tags=["filings"], route_class=GuardedRoute)

_GUARDED: dict[str, Any] = {
    "openapi_extra": needs(Permission.FILE),
    "responses": problem_responses([404, 409, 422]),
}
"""What every action's route says of itself."""


@dataclass(frozen=True, slots=True)
class OnFiling:
    """A filing officer and the filing that they act on."""

    filing_id: UUID
    principal: Principal
    services: Services
    filings: FilingServices

    async def act(self, action: FilingAction, revision: int, reason: str | None) -> FilingStateOut:
        """The filing after the action. Raises what `api.officers` raises, and `store.filings.FilingUnknown`."""
        tenant_id, filings = self.principal.tenant_id, self.filings
        async with tenant_transaction(filings.pool, tenant_id) as connection:
            filing = await fetch_filing(connection, self.filing_id)
        if filing.status == "closed":
            raise WorkflowEnded
        handle, present = await look(filings.temporal, workflow_id(Kind.FILING, self.filing_id), FilingState)
        reason_id, digest = await self._keep_reason(filing, action, reason) if reason else (None, "")
        intent = Intent(self.filing_id, action, Permission.FILE, revision, None, reason_id, digest)
        try:
            after = await act_on_filing(handle, present, self.services, self.principal, intent)
        except ActionRefused as refusal:
            async with tenant_transaction(filings.pool, tenant_id) as connection:
                about = f"filing:{self.filing_id}"
                await record_refusal(connection, self.principal.actor, action.value, about, refusal.code)
            raise
        return FilingStateOut(
            filing_id=self.filing_id, revision=after.revision, status=after.status, problems=list(after.problems)
        )

    async def _keep_reason(self, filing: Filing, action: FilingAction, reason: str) -> tuple[UUID, str]:
        """Seal an officer's words under a key of their own, wrapped by the filing key; their id and digest."""
        reason_id, data_key = uuid4(), new_data_key()
        sealed = seal(data_key, reason.encode(), contexts.reason(reason_id))
        kept = NewFilingReason(
            reason_id=reason_id,
            tenant_id=self.principal.tenant_id,
            filing_id=filing.filing_id,
            officer_id=self.principal.person,
            action=action.value,
            revision=filing.revision,
            wrapped_key=await asyncio.to_thread(self.filings.keys.wrap, self.principal.tenant_id, data_key),
            sealed_text=sealed,
            sha256=sha256(sealed).hexdigest(),
        )
        async with tenant_transaction(self.filings.pool, self.principal.tenant_id) as connection:
            await add_filing_reason(connection, kept)
        return reason_id, kept.sha256


def _on_filing(
    filing_id: UUID, principal: CurrentPrincipal, services: CurrentServices, filings: CurrentFilings
) -> OnFiling:
    return OnFiling(filing_id, principal, services, filings)


TheFiling = Annotated[OnFiling, Depends(_on_filing)]


@router.post("/{filing_id}/approve", **_GUARDED, summary="Approve a draft for submission")
async def approve(filing: TheFiling, body: FilingActionIn) -> FilingStateOut:
    """Refused (409) for whoever asked for the filing, and while the draft has problems."""
    return await filing.act(FilingAction.APPROVE, body.revision, body.reason)


@router.post("/{filing_id}/return", **_GUARDED, summary="Return a draft")
async def return_to_draft(filing: TheFiling, body: FilingReturnIn) -> FilingStateOut:
    """It is drafted anew from the case; one that the authority did not take is drafted as the next report."""
    return await filing.act(FilingAction.RETURN, body.revision, body.reason)


@router.post("/{filing_id}/acknowledge", **_GUARDED, summary="Hand in the authority's answer")
async def acknowledge(filing: TheFiling, body: FilingAnswerIn) -> FilingStateOut:
    """For authorities whose answer no gateway fetches. 422 for what is no answer to one of our reports."""
    parse_answer(body.answer.encode())
    return await filing.act(FilingAction.ACKNOWLEDGE, body.revision, body.answer)


@router.post("/{filing_id}/correct", **_GUARDED, summary="Ask for a correcting report")
async def correct(filing: TheFiling, body: FilingReturnIn) -> FilingStateOut:
    """It is drafted from the case as it is now and names the report that it corrects; the reason says what changed.
    Somebody else approves it."""
    return await filing.act(FilingAction.CORRECT, body.revision, body.reason)


@router.post("/{filing_id}/continue", **_GUARDED, summary="The activity went on: ask for a continuing report")
async def continue_activity(filing: TheFiling, body: FilingActionIn) -> FilingStateOut:
    """Possible in a review. Somebody else approves the report."""
    return await filing.act(FilingAction.CONTINUE, body.revision, body.reason)


@router.post("/{filing_id}/cease", **_GUARDED, summary="The activity ended: end the filing")
async def cease(filing: TheFiling, body: FilingReturnIn) -> FilingStateOut:
    """No further review is made. New activity raises alerts, and so cases, of its own."""
    return await filing.act(FilingAction.CEASE, body.revision, body.reason)
