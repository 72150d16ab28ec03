"""What an officer may do to a case and what becomes of it: pure rules, told apart from waiting and recording.

The validators of `workflows.case` ask here, so that four eyes and exclusions can be read and tested without Temporal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from workflows.messages import (
    CaseAction,
    CaseCommand,
    CaseDetail,
    CaseInput,
    CaseResult,
    Disposition,
    FalsePositiveReason,
)

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
    CaseAction.ASSIGN: frozenset({"approver"}),
    CaseAction.ATTACH: frozenset({"analyst", "approver"}),
    CaseAction.REQUEST: frozenset({"analyst", "approver"}),
    CaseAction.SNOOZE: frozenset({"analyst", "approver"}),
    CaseAction.REOPEN: frozenset({"analyst", "approver"}),
}
"""Who may do what: the role that the API vouched for."""

STATUSES: Mapping[CaseAction, frozenset[str]] = {
    CaseAction.CLAIM: frozenset({"open"}),
    CaseAction.RELEASE: frozenset({"claimed"}),
    CaseAction.NOTE: frozenset({"open", "claimed", "awaiting_approval"}),
    CaseAction.DECIDE: frozenset({"claimed"}),
    CaseAction.APPROVE: frozenset({"awaiting_approval", "reopening"}),
    CaseAction.RETURN: frozenset({"awaiting_approval", "reopening"}),
    CaseAction.ASSIGN: frozenset({"open", "claimed"}),
    CaseAction.ATTACH: frozenset({"open", "claimed", "awaiting_approval"}),
    CaseAction.REQUEST: frozenset({"claimed"}),
    CaseAction.SNOOZE: frozenset({"open", "claimed"}),
    CaseAction.REOPEN: frozenset({"closed"}),
}
"""Where a case has to stand for it."""

REASONED = frozenset(
    {CaseAction.DECIDE, CaseAction.RETURN, CaseAction.NOTE, CaseAction.REQUEST, CaseAction.SNOOZE, CaseAction.REOPEN}
)
"""What nobody does without saying why, or what."""

QUIET = frozenset({CaseAction.NOTE, CaseAction.ATTACH})
"""What leaves a snoozed case asleep."""

ASKS_APPLICANT = frozenset({"application", "contest"})
"""The kinds of case whose applicant may be asked. Nobody is asked about an alert or a hit: that would tip them off
(31 U.S.C. 5318(g)(2), Regulation (EU) 2024/1624 Art. 73)."""

LONGEST_REQUEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What the applicant is asked for right now; half way they are reminded."""

    request_id: UUID
    due_at: datetime
    remind_at: datetime | None


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
    for_approvers: bool = False
    """Its time is up: only an approver takes it now, whoever had it."""
    due_at: datetime | None = None
    snoozed_until: datetime | None = None
    request: OpenRequest | None = None
    reopened_by: UUID | None = None
    """Who wants a closed case opened again, while a second officer has not agreed."""
    before: CaseResult | None = None

    @classmethod
    def begun(cls, case: CaseInput) -> "Review":
        """Where a run of a case starts: a new one, or one that was opened again."""
        return cls(
            kind=case.kind,
            four_eyes=frozenset(case.four_eyes),
            excluded_officers=frozenset(case.excluded_officers),
            revision=case.revision,
            status="open" if case.reopened_by is None else "reopening",
            due_at=case.due_at,
            reopened_by=case.reopened_by,
            before=case.before,
        )

    def check(self, command: CaseCommand, role: str, now: datetime) -> None:
        """Raises `ActionRefused` unless this officer in this role may do this now."""
        if role not in ROLES[command.action]:
            raise ActionRefused("ROLE_MISSING", f"{command.action.value} needs another role than {role}")
        if command.officer_id in self.excluded_officers:
            raise ActionRefused("OFFICER_EXCLUDED", "this case is for someone who took no part in it before")
        if self.status not in STATUSES[command.action]:
            raise ActionRefused("STATUS_DIFFERS", f"{command.action.value} is not possible while {self.status}")
        self._check_person(command, role)
        if command.action is CaseAction.APPROVE and command.disposition not in (None, self.disposition):
            raise ActionRefused("DISPOSITION_DIFFERS", "the approval is for another disposition than was decided")
        if command.action is CaseAction.DECIDE:
            self._check_disposition(command)
        if command.action in REASONED and not command.reason_sha256:
            raise ActionRefused("REASON_MISSING", f"{command.action.value} needs a reason")
        self._check_detail(command.action, command.detail or CaseDetail(), now)

    def _check_person(self, command: CaseCommand, role: str) -> None:
        if command.action is CaseAction.CLAIM and self.for_approvers and role != "approver":
            raise ActionRefused("ESCALATED", "its deadline has passed: an approver takes it, or gives it to somebody")
        own = command.action in (CaseAction.RELEASE, CaseAction.DECIDE, CaseAction.REQUEST)
        if command.action is CaseAction.SNOOZE and self.status == "claimed":
            own = True
        if own and command.officer_id != self.claimed_by:
            raise ActionRefused("CLAIMED_BY_OTHER", "another officer has claimed this case")
        if command.action in (CaseAction.APPROVE, CaseAction.RETURN):
            if self.status == "reopening" and command.officer_id == self.reopened_by:
                raise ActionRefused(
                    "MAKER_IS_APPROVER", "who asked to open it again cannot agree: a second officer has to"
                )
            if self.status != "reopening" and command.officer_id == self.maker:
                raise ActionRefused("MAKER_IS_APPROVER", "who decided cannot approve: a second officer has to")

    def _check_disposition(self, command: CaseCommand) -> None:
        if command.disposition not in DISPOSITIONS[self.kind]:
            raise ActionRefused("DISPOSITION_UNFIT", f"decide with one of {sorted(DISPOSITIONS[self.kind])}")
        code = command.detail.code if command.detail else ""
        if command.disposition is Disposition.FALSE_POSITIVE and code not in set(FalsePositiveReason):
            raise ActionRefused("FALSE_POSITIVE_REASON_MISSING", f"say why: one of {sorted(FalsePositiveReason)}")
        if code and command.disposition not in (Disposition.FALSE_POSITIVE, Disposition.APPROVE):
            raise ActionRefused("FALSE_POSITIVE_REASON_UNFIT", f"{command.disposition.value} is no false positive")

    def _check_detail(self, action: CaseAction, detail: CaseDetail, now: datetime) -> None:
        if action is CaseAction.ASSIGN:
            if detail.assignee is None:
                raise ActionRefused("ASSIGNEE_MISSING", "say whose the case becomes")
            if detail.assignee in self.excluded_officers:
                raise ActionRefused("OFFICER_EXCLUDED", "this case is for someone who took no part in it before")
        if action is CaseAction.ATTACH and (detail.item_id is None or not detail.item_sha256):
            raise ActionRefused("EVIDENCE_MISSING", "say which file is attached, with its digest")
        if action is CaseAction.SNOOZE:
            if detail.until is None or detail.until <= now:
                raise ActionRefused("SNOOZE_PAST", "snooze until an instant in the future")
            if self.due_at is None or detail.until >= self.due_at:
                raise ActionRefused("SNOOZE_TOO_LONG", "a case has to wake before its deadline")
        if action is CaseAction.REQUEST:
            if self.kind not in ASKS_APPLICANT:
                raise ActionRefused(
                    "REQUEST_UNFIT", f"nobody is asked about a case of kind {self.kind}: it could tip them off"
                )
            if self.request is not None:
                raise ActionRefused("REQUEST_OPEN", "the applicant is being asked already: wait for the answer")
            if detail.item_id is None or detail.until is None or not now < detail.until <= now + LONGEST_REQUEST:
                raise ActionRefused("REQUEST_TERM", f"ask for an answer within {LONGEST_REQUEST.days} days")

    def after(self, command: CaseCommand, now: datetime | None = None) -> "Review":
        """The case once a checked action is accepted."""
        asleep = self.snoozed_until if command.action in QUIET else None
        then = replace(self, revision=self.revision + 1, snoozed_until=asleep)
        detail = command.detail or CaseDetail()
        match command.action:
            case CaseAction.CLAIM:
                return replace(then, status="claimed", claimed_by=command.officer_id)
            case CaseAction.RELEASE:
                return replace(then, status="open", claimed_by=None)
            case CaseAction.NOTE | CaseAction.ATTACH:
                return then
            case CaseAction.ASSIGN:
                return replace(then, status="claimed", claimed_by=detail.assignee)
            case CaseAction.SNOOZE:
                return replace(then, snoozed_until=detail.until)
            case CaseAction.REQUEST:
                return replace(then, request=_request(detail, now))
            case CaseAction.DECIDE:
                status = "awaiting_approval" if command.disposition in self.four_eyes else "closed"
                request = None if status == "closed" else self.request
                decided = replace(then, status=status, maker=command.officer_id, disposition=command.disposition)
                return replace(decided, request=request)
            case CaseAction.APPROVE if self.status == "reopening":
                return replace(then, status="open", reopened_by=None, claimed_by=None)
            case CaseAction.APPROVE:
                return replace(then, status="closed", approver=command.officer_id, request=None)
            case CaseAction.RETURN if self.status == "reopening" and self.before is not None:
                return replace(
                    then,
                    status="closed",
                    disposition=self.before.disposition,
                    maker=self.before.maker,
                    approver=self.before.approver,
                )
            case CaseAction.RETURN:
                return replace(then, status="claimed", claimed_by=self.maker, maker=None, disposition=None)
            case CaseAction.REOPEN:
                raise AssertionError("a closed case has no run to act on")

    # --- What the clock and the applicant do -------------------------------------------------------------------------

    def alarms(self) -> tuple[tuple[datetime, str], ...]:
        """What happens by itself, and when: the nearest first."""
        found = []
        if self.due_at is not None and not self.escalated:
            found.append((self.due_at, "escalated"))
        if self.snoozed_until is not None:
            found.append((self.snoozed_until, "woken"))
        if self.request is not None:
            found.append((self.request.due_at, "unanswered"))
            if self.request.remind_at is not None:
                found.append((self.request.remind_at, "reminded"))
        return tuple(sorted(found))

    def after_alarm(self, what: str, *, moves: bool = True) -> "Review":
        """`moves` is false for runs that were escalated before a case changed hands by it."""
        then = replace(self, revision=self.revision + 1)
        match what:
            case "escalated" if moves:
                # To the approvers' queue. What was decided already is theirs, and stays as it was decided.
                status, holder = ("open", None) if self.status == "claimed" else (self.status, self.claimed_by)
                late = replace(then, escalated=True, for_approvers=True, snoozed_until=None)
                return replace(late, status=status, claimed_by=holder)
            case "escalated":
                return replace(then, escalated=True, snoozed_until=None)
            case "woken":
                return replace(then, snoozed_until=None)
            case "reminded" if self.request is not None:
                return replace(then, request=replace(self.request, remind_at=None))
            case "unanswered" | "answered":
                return replace(then, request=None, snoozed_until=None)
        raise AssertionError(f"nothing rings as {what}")

    def after_deadline(self) -> "Review":
        return replace(self, revision=self.revision + 1, escalated=True)


def _request(detail: CaseDetail, now: datetime | None) -> OpenRequest:
    if detail.item_id is None or detail.until is None or now is None:
        raise AssertionError("a request was accepted without its term")
    return OpenRequest(detail.item_id, detail.until, now + (detail.until - now) / 2)
