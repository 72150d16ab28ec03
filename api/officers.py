"""An officer's action on its way into a workflow: the assertion is minted, the Update sent, the refusal told apart.

Separate from the routes because cases and filings share it, and because here alone "it failed" must be divided into
"nothing was changed", "it was refused" and "nobody knows yet".
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio.client import (
    RPCError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from api.auth import Principal
from api.permissions import Permission
from api.services import Services, TemporalDown, TemporalGetter
from workflows.assertions import AssertionClaims, Purpose, detail_digest, mint
from workflows.messages import (
    CaseAction,
    CaseCommand,
    CaseDetail,
    CaseState,
    Disposition,
    FilingAction,
    FilingCommand,
    FilingState,
)

_QUERY_TIMEOUT = timedelta(seconds=5)
_UPDATE_TIMEOUT = timedelta(seconds=10)
"""Long enough for a worker to record the action, short enough for a person to wait."""

State = TypeVar("State", CaseState, FilingState)
Handle = WorkflowHandle[Any, Any]


class ActionRefused(Exception):
    """The workflow refused the action and is unchanged. `code` and `detail` are the workflow's own."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class ActionUnanswered(Exception):
    """The action was sent and no answer came in time: it may still be carried out."""


class WorkflowEnded(Exception):
    """The case or filing is closed: its workflow takes no more actions."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What an officer wants. `revision` is the one they looked at; without it the present one is taken."""

    target_id: UUID
    action: CaseAction | FilingAction
    permission: Permission
    revision: int | None = None
    disposition: Disposition | None = None
    reason_id: UUID | None = None
    reason_sha256: str = ""
    detail: CaseDetail | None = None


async def look(temporal: TemporalGetter, workflow_id: str, result: type[State]) -> tuple[Handle, State]:
    """The workflow and where it stands right now. Raises `TemporalDown`; nothing was changed then."""
    client = await temporal()
    # Without a run id: after a reset it is the new run that has to refuse what was meant for the old one.
    handle: Handle = client.get_workflow_handle(workflow_id)
    try:
        present: State = await handle.query("state", result_type=result, rpc_timeout=_QUERY_TIMEOUT)
    except RPCError as error:
        # A workflow that is not there yet is as good as one that does not answer: its case was opened a moment ago.
        if error.status in _SILENT or error.status is RPCStatusCode.NOT_FOUND:
            raise TemporalDown from error
        raise
    return handle, present


async def act_on_case(
    handle: Handle, present: CaseState, services: Services, principal: Principal, intent: Intent
) -> CaseState:
    """The case after the action. Raises `ActionRefused`, `ActionUnanswered` or `WorkflowEnded`."""
    revision = present.revision if intent.revision is None else intent.revision
    command = CaseCommand(
        action=CaseAction(intent.action),
        officer_id=principal.person,
        revision=revision,
        assertion=_assertion(present.run_id, revision, services, principal, intent),
        disposition=intent.disposition,
        reason_id=intent.reason_id,
        reason_sha256=intent.reason_sha256,
        detail=intent.detail,
    )
    return await _update(handle, intent.action, command, CaseState)


async def act_on_filing(
    handle: Handle, present: FilingState, services: Services, principal: Principal, intent: Intent
) -> FilingState:
    """The filing after the action. Raises as `act_on_case` does."""
    revision = present.revision if intent.revision is None else intent.revision
    command = FilingCommand(
        action=FilingAction(intent.action),
        officer_id=principal.person,
        revision=revision,
        assertion=_assertion(present.run_id, revision, services, principal, intent),
        reason_sha256=intent.reason_sha256,
    )
    return await _update(handle, intent.action, command, FilingState)


def _assertion(run_id: str, revision: int, services: Services, principal: Principal, intent: Intent) -> str:
    purpose = Purpose(
        target_id=intent.target_id,
        run_id=run_id,
        revision=revision,
        action=intent.action,
        officer_id=principal.person,
        disposition=intent.disposition,
        reason_sha256=intent.reason_sha256,
        detail_sha256=detail_digest(intent.detail),
    )
    role = principal.role_allowing(intent.permission).value
    return mint(AssertionClaims(purpose, role, issued_at=services.clock()), services.assertion_key)


async def _update(
    handle: Handle, action: CaseAction | FilingAction, command: CaseCommand | FilingCommand, result: type[State]
) -> State:
    try:
        after: State = await handle.execute_update(
            action.value, command, result_type=result, rpc_timeout=_UPDATE_TIMEOUT
        )
    except WorkflowUpdateFailedError as error:
        if isinstance(error.cause, ApplicationError):
            raise ActionRefused(error.cause.type or "REFUSED", error.cause.message) from error
        raise
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise ActionUnanswered from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise WorkflowEnded from error
        if error.status in _SILENT:
            raise ActionUnanswered from error
        raise
    return after


_SILENT = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.FAILED_PRECONDITION,
    }
)
"""Temporal or its worker does not answer: not reachable, too slow, too busy, or without anyone polling."""
