"""What an officer may do to a case and what becomes of it: pure rules, told apart from waiting and recording.

The validators of `workflows.case` ask here, so that four eyes and exclusions can be read and tested without Temporal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from workflows.messages import CaseAction, CaseCommand, Disposition

DISPOSITIONS: Mapping[str, frozenset[Disposition]] = {
    "application": frozenset({Disposition.APPROVE, Disposition.REJECT, Disposition.BLOCK}),
    "contest": frozenset({Disposition.APPROVE, Disposition.REJECT, Disposition.BLOCK}),
    "alert": frozenset({Disposition.TRUE_POSITIVE, Disposition.FALSE_POSITIVE, Disposition.INCONCLUSIVE}),
    "screening": frozenset({Disposition.TRUE_POSITIVE, Disposition.FALSE_POSITIVE, Disposition.INCONCLUSIVE}),
}
"""How a case of each kind may end."""

ROLES: Mapping[CaseAction, frozenset[str]] = {
    CaseAction.CLAIM: frozenset({"analyst", "approver"}),
    CaseAction.RELEASE: frozenset({"analyst", "approver"}),
    CaseAction.NOTE: frozenset({"analyst", "approver"}),
    CaseAction.DECIDE: frozenset({"analyst", "approver"}),
    CaseAction.APPROVE: frozenset({"approver"}),
    CaseAction.RETURN: frozenset({"approver"}),
}
"""Who may do what: the role that the API vouched for."""

STATUSES: Mapping[CaseAction, frozenset[str]] = {
    CaseAction.CLAIM: frozenset({"open"}),
    CaseAction.RELEASE: frozenset({"claimed"}),
    CaseAction.NOTE: frozenset({"open", "claimed", "awaiting_approval"}),
    CaseAction.DECIDE: frozenset({"claimed"}),
    CaseAction.APPROVE: frozenset({"awaiting_approval"}),
    CaseAction.RETURN: frozenset({"awaiting_approval"}),
}
"""Where a case has to stand for it."""


class ActionRefused(Exception):
    """The officer may not do this now. `code` says why; the case is unchanged and the message says what to do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code


@dataclass(frozen=True, slots=True)
class Review:
    """Where a case stands. Every accepted action makes a new one with the next revision."""

    kind: str
    four_eyes: frozenset[Disposition]
    excluded_officers: frozenset[UUID]
    revision: int = 0
    status: str = "open"
    claimed_by: UUID | None = None
    maker: UUID | None = None
    approver: UUID | None = None
    disposition: Disposition | None = None
    escalated: bool = False

    def check(self, command: CaseCommand, role: str) -> None:
        """Raises `ActionRefused` unless this officer in this role may do this now."""
        if role not in ROLES[command.action]:
            raise ActionRefused("ROLE_MISSING", f"{command.action.value} needs another role than {role}")
        if command.officer_id in self.excluded_officers:
            raise ActionRefused("OFFICER_EXCLUDED", "this case is for someone who took no part in it before")
        if self.status not in STATUSES[command.action]:
            raise ActionRefused("STATUS_DIFFERS", f"{command.action.value} is not possible while {self.status}")
        if command.action in (CaseAction.RELEASE, CaseAction.DECIDE) and command.officer_id != self.claimed_by:
            raise ActionRefused("CLAIMED_BY_OTHER", "another officer has claimed this case")
        if command.action in (CaseAction.APPROVE, CaseAction.RETURN) and command.officer_id == self.maker:
            raise ActionRefused("MAKER_IS_APPROVER", "who decided cannot approve: a second officer has to")
        if command.action is CaseAction.APPROVE and command.disposition not in (None, self.disposition):
            raise ActionRefused("DISPOSITION_DIFFERS", "the approval is for another disposition than was decided")
        if command.action is CaseAction.DECIDE and command.disposition not in DISPOSITIONS[self.kind]:
            raise ActionRefused("DISPOSITION_UNFIT", f"decide with one of {sorted(DISPOSITIONS[self.kind])}")
        if command.action in (CaseAction.DECIDE, CaseAction.RETURN, CaseAction.NOTE) and not command.reason_sha256:
            raise ActionRefused("REASON_MISSING", f"{command.action.value} needs a reason")

    def after(self, command: CaseCommand) -> "Review":
        """The case once a checked action is accepted."""
        then = replace(self, revision=self.revision + 1)
        match command.action:
            case CaseAction.CLAIM:
                return replace(then, status="claimed", claimed_by=command.officer_id)
            case CaseAction.RELEASE:
                return replace(then, status="open", claimed_by=None)
            case CaseAction.NOTE:
                return then
            case CaseAction.DECIDE:
                status = "awaiting_approval" if command.disposition in self.four_eyes else "closed"
                return replace(then, status=status, maker=command.officer_id, disposition=command.disposition)
            case CaseAction.APPROVE:
                return replace(then, status="closed", approver=command.officer_id)
            case CaseAction.RETURN:
                return replace(then, status="claimed", claimed_by=self.maker, maker=None, disposition=None)

    def after_deadline(self) -> "Review":
        return replace(self, revision=self.revision + 1, escalated=True)
