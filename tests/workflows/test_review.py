"""What officers may do to a case, rule by rule, without Temporal."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from workflows.messages import CaseAction, CaseCommand, Disposition
from workflows.review import ActionRefused, Review

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAKER, OTHER, STRANGER = uuid4(), uuid4(), uuid4()
OPEN = Review("alert", frozenset({Disposition.TRUE_POSITIVE}), frozenset({STRANGER}))


def command(action: CaseAction, officer=MAKER, disposition=None, reason="ab" * 32):  # type: ignore[no-untyped-def]
    return CaseCommand(action, officer, 0, "", disposition, None, reason)


CLAIMED = OPEN.after(command(CaseAction.CLAIM))
DECIDED = CLAIMED.after(command(CaseAction.DECIDE, disposition=Disposition.TRUE_POSITIVE))


def test_a_disposition_that_needs_four_eyes_waits_for_a_second_officer() -> None:
    assert (DECIDED.status, DECIDED.maker, DECIDED.revision) == ("awaiting_approval", MAKER, 2)
    closed = DECIDED.after(command(CaseAction.APPROVE, OTHER))
    assert (closed.status, closed.approver, closed.disposition) == ("closed", OTHER, Disposition.TRUE_POSITIVE)


def test_another_disposition_closes_the_case_at_once() -> None:
    closed = CLAIMED.after(command(CaseAction.DECIDE, disposition=Disposition.FALSE_POSITIVE))
    assert (closed.status, closed.maker, closed.approver) == ("closed", MAKER, None)


def test_a_returned_case_is_the_makers_again() -> None:
    returned = DECIDED.after(command(CaseAction.RETURN, OTHER))
    assert (returned.status, returned.claimed_by, returned.maker, returned.disposition) == (
        "claimed",
        MAKER,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("review", "asked", "role", "code"),
    [
        (OPEN, command(CaseAction.CLAIM), "auditor", "ROLE_MISSING"),
        (DECIDED, command(CaseAction.APPROVE, OTHER), "analyst", "ROLE_MISSING"),
        (OPEN, command(CaseAction.CLAIM, STRANGER), "analyst", "OFFICER_EXCLUDED"),
        (CLAIMED, command(CaseAction.CLAIM, OTHER), "analyst", "STATUS_DIFFERS"),
        (OPEN, command(CaseAction.DECIDE, disposition=Disposition.INCONCLUSIVE), "analyst", "STATUS_DIFFERS"),
        (CLAIMED, command(CaseAction.RELEASE, OTHER), "approver", "CLAIMED_BY_OTHER"),
        (CLAIMED, command(CaseAction.DECIDE, OTHER, Disposition.INCONCLUSIVE), "analyst", "CLAIMED_BY_OTHER"),
        (CLAIMED, command(CaseAction.DECIDE, disposition=Disposition.APPROVE), "analyst", "DISPOSITION_UNFIT"),
        (CLAIMED, command(CaseAction.DECIDE), "analyst", "DISPOSITION_UNFIT"),
        (CLAIMED, command(CaseAction.DECIDE, MAKER, Disposition.INCONCLUSIVE, ""), "analyst", "REASON_MISSING"),
        (CLAIMED, command(CaseAction.NOTE, reason=""), "analyst", "REASON_MISSING"),
        (DECIDED, command(CaseAction.APPROVE, MAKER), "approver", "MAKER_IS_APPROVER"),
        (DECIDED, command(CaseAction.RETURN, MAKER), "approver", "MAKER_IS_APPROVER"),
        (DECIDED, command(CaseAction.APPROVE, OTHER, Disposition.INCONCLUSIVE), "approver", "DISPOSITION_DIFFERS"),
        (replace(DECIDED, status="closed"), command(CaseAction.NOTE), "analyst", "STATUS_DIFFERS"),
    ],
)
def test_what_is_refused_and_why(review: Review, asked: CaseCommand, role: str, code: str) -> None:
    with pytest.raises(ActionRefused) as refusal:
        review.check(asked, role, NOW)
    assert refusal.value.code == code


def test_what_is_allowed_is_not_refused() -> None:
    OPEN.check(command(CaseAction.CLAIM), "analyst", NOW)
    OPEN.check(command(CaseAction.NOTE, OTHER), "analyst", NOW)
    CLAIMED.check(command(CaseAction.RELEASE), "analyst", NOW)
    CLAIMED.check(command(CaseAction.DECIDE, disposition=Disposition.TRUE_POSITIVE), "analyst", NOW)
    DECIDED.check(command(CaseAction.APPROVE, OTHER, Disposition.TRUE_POSITIVE), "approver", NOW)


def test_a_case_whose_time_is_up_goes_to_the_approvers_whoever_had_it() -> None:
    for held in (OPEN, CLAIMED):
        late = held.after_alarm("escalated")
        assert (late.status, late.claimed_by, late.escalated) == ("open", None, True)
        with pytest.raises(ActionRefused) as refusal:
            late.check(command(CaseAction.CLAIM), "analyst", NOW)
        assert refusal.value.code == "ESCALATED"
        late.check(command(CaseAction.CLAIM), "approver", NOW)
    given = late.after(command(CaseAction.CLAIM, OTHER))
    given.check(command(CaseAction.DECIDE, OTHER, Disposition.INCONCLUSIVE), "approver", NOW)


def test_what_was_decided_in_time_stays_as_it_was_decided() -> None:
    late = DECIDED.after_alarm("escalated")
    assert (late.status, late.maker, late.disposition) == (DECIDED.status, MAKER, Disposition.TRUE_POSITIVE)
    late.check(command(CaseAction.APPROVE, OTHER), "approver", NOW)
    returned = late.after(command(CaseAction.RETURN, OTHER))
    assert (returned.status, returned.claimed_by) == ("claimed", MAKER)


def test_a_run_from_before_only_marks_the_case() -> None:
    late = CLAIMED.after_alarm("escalated", moves=False)
    assert (late.status, late.claimed_by, late.escalated) == ("claimed", MAKER, True)
    replace(late, status="open", claimed_by=None).check(command(CaseAction.CLAIM), "analyst", NOW)
