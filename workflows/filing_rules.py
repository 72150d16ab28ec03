"""What a filing officer may do to a filing and when its clock reminds: pure rules, apart from waiting and recording."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from workflows.messages import FilingAction, FilingCommand
from workflows.review import ActionRefused

FILING_ROLE = "filing_officer"

STATUSES: Mapping[FilingAction, frozenset[str]] = {
    FilingAction.APPROVE: frozenset({"draft"}),
    FilingAction.RETURN: frozenset({"draft", "blocked", "rejected"}),
    FilingAction.ACKNOWLEDGE: frozenset({"submitted"}),
    FilingAction.CORRECT: frozenset({"acknowledged", "faulted", "review"}),
    FilingAction.CONTINUE: frozenset({"review"}),
    FilingAction.CEASE: frozenset({"acknowledged", "faulted", "review"}),
}
"""Where a filing has to stand for it."""

REASONED = frozenset({FilingAction.CORRECT, FilingAction.CEASE, FilingAction.ACKNOWLEDGE})
"""What is not done without words: why, or the authority's own."""

SHARES = (0.5, 0.75)
LAST_DAYS = (timedelta(days=2), timedelta(days=1))


def check(command: FilingCommand, role: str, status: str, maker: UUID | None, problems: tuple[str, ...]) -> None:
    """Raises `ActionRefused` unless this officer in this role may do this to a filing that stands like this."""
    action = command.action
    if role != FILING_ROLE:
        raise ActionRefused("ROLE_MISSING", "only a filing officer acts on a filing")
    if status == "blocked" and action is FilingAction.APPROVE and problems:
        raise ActionRefused(problems[0], "the draft has problems: solve them, then return it")
    if status not in STATUSES[action]:
        raise ActionRefused("STATUS_DIFFERS", f"{action.value} is not possible while {status}")
    if action is FilingAction.APPROVE and command.officer_id == maker:
        raise ActionRefused("MAKER_IS_APPROVER", "who asked for the filing cannot approve it: a second officer has to")
    if action in REASONED and not command.reason_sha256:
        raise ActionRefused("REASON_MISSING", f"{action.value} needs words")


def reminders(since: datetime, due_at: datetime, now: datetime) -> tuple[datetime, ...]:
    """When officers are reminded of a deadline from now on: after a half and three quarters of the time that there was,
    and two days and one day before the end."""
    at = {since + (due_at - since) * share for share in SHARES} | {due_at - before for before in LAST_DAYS}
    return tuple(sorted(instant for instant in at if max(since, now) < instant < due_at))
