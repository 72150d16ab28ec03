"""A closed case is a decision on the customer's rating: raised where a suspicion was confirmed, stored in any case."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from aml.rating_review import rating_facts, rating_table
from explain.record import DecisionKind
from explain.replay import replay
from explain.rules import explain_rules
from store import cases, customers, decisions
from store.records import StoredDecision
from tests.activities.conftest import NOW, Office
from tests.activities.scenes import customer, raise_alert
from tests.activities.test_cases import admitted, event
from vault import contexts
from vault.envelope import open_sealed
from workflows import messages as m

STATED = {"kind": "person", "surname": "Ek", "given_names": "Bo"}


async def closed_case(office: Office, subject_id: UUID, disposition: m.Disposition) -> UUID:
    """A case about an alert of the person, closed with this disposition; its review done."""
    request = await admitted(office, await raise_alert(office, (f"A{uuid4().hex[:6]}",), subject_id))
    number = uuid4().hex
    case_id: UUID = (await office.run(office.cases.open_case, request, f"investigation-{number}")).case_id
    decide = event(office, case_id, 1, "decide", "closed", disposition=disposition)
    await office.run(office.cases.record_case_event, replace(decide, at=NOW + timedelta(hours=1)))
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    for _ in range(2):  # a step may run twice
        await office.run(office.decisions.review_rating, m.RatingReview(scope, case_id), f"investigation-{number}")
    return case_id


async def reviewed(office: Office, subject_id: UUID) -> tuple[str, list[StoredDecision]]:
    """The customer's rating, and the decisions on it."""
    async with office.transaction() as conn:
        (found,) = await customers.customers_of_subject(conn, subject_id)
        made = await decisions.list_decisions(conn, f"customer:{found.customer_id}")
    return found.rating, made


async def test_a_confirmed_suspicion_raises_the_rating_and_says_why(office: Office) -> None:
    subject_id = await customer(office, STATED, ())
    await closed_case(office, subject_id, m.Disposition.TRUE_POSITIVE)
    rating, (made,) = await reviewed(office, subject_id)
    assert (rating, made.kind, made.outcome) == ("high", DecisionKind.RATING_CHANGE, "high")
    assert [rule.rule for rule in made.rules] == ["suspicion_confirmed"]
    async with office.transaction() as conn:
        model = await decisions.fetch_model(conn, made.model.sha256)
    key = await data_key_of(office, subject_id)
    opened = made.reopen(open_sealed(key, made.sealed_evidence, contexts.decision_evidence(made.decision_id)))
    assert "an officer confirmed a suspicion about the customer" in opened.sentence
    assert replay(opened, model.content).identical


async def data_key_of(office: Office, subject_id: UUID) -> bytes:
    from store import subjects

    async with office.transaction() as conn:
        return office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))


async def test_a_dismissed_alert_is_a_decision_too_and_changes_nothing(office: Office) -> None:
    subject_id = await customer(office, STATED, ())
    await closed_case(office, subject_id, m.Disposition.FALSE_POSITIVE)
    rating, made = await reviewed(office, subject_id)
    assert (rating, [each.outcome for each in made]) == ("low", ["low"])


async def test_a_second_inconclusive_case_raises_it_and_nothing_lowers_it_again(office: Office) -> None:
    subject_id = await customer(office, STATED, ())
    ratings = []
    for disposition in (m.Disposition.INCONCLUSIVE, m.Disposition.INCONCLUSIVE, m.Disposition.FALSE_POSITIVE):
        await closed_case(office, subject_id, disposition)
        ratings.append((await reviewed(office, subject_id))[0])
    assert ratings == ["low", "medium", "medium"]


async def test_an_account_of_nobody_has_no_rating_to_review(office: Office) -> None:
    request = await admitted(office, await raise_alert(office, ("X1",)))
    case_id = (await office.run(office.cases.open_case, request)).case_id
    await office.run(
        office.cases.record_case_event,
        event(office, case_id, 1, "decide", "closed", disposition=m.Disposition.TRUE_POSITIVE),
    )
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    await office.run(office.decisions.review_rating, m.RatingReview(scope, case_id))
    async with office.transaction() as conn:
        kinds = {each.kind async for each in decisions.iterate_decisions(conn)}
        assert (await cases.fetch_case(conn, case_id)).disposition == "true_positive"
    assert DecisionKind.RATING_CHANGE not in kinds


async def test_everybody_whose_alert_joined_the_case_is_reviewed(office: Office) -> None:
    account = f"A{uuid4().hex[:6]}"
    first, second = await customer(office, STATED, ()), await customer(office, STATED, ())
    stranger = await admitted(office, await raise_alert(office, (account,)))
    case_id = (await office.run(office.cases.open_case, stranger, "investigation-0")).case_id
    for number, subject_id in enumerate((first, second, second), start=1):
        request = await admitted(office, await raise_alert(office, (account,), subject_id))
        joined = await office.run(office.cases.open_case, request, f"investigation-{number}")
        assert (joined.case_id, joined.joined) == (case_id, True)
    decide = event(office, case_id, 1, "decide", "closed", disposition=m.Disposition.TRUE_POSITIVE)
    await office.run(office.cases.record_case_event, decide)
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    for _ in range(2):
        await office.run(office.decisions.review_rating, m.RatingReview(scope, case_id), "investigation-0")
    for subject_id in (first, second):
        rating, made = await reviewed(office, subject_id)
        assert (rating, [each.outcome for each in made]) == ("high", ["high"])


async def test_an_inconclusive_case_that_somebodys_alert_joined_counts_the_next_time(office: Office) -> None:
    account, subject_id = f"A{uuid4().hex[:6]}", await customer(office, STATED, ())
    stranger = await admitted(office, await raise_alert(office, (account,)))
    case_id = (await office.run(office.cases.open_case, stranger)).case_id
    joining = await admitted(office, await raise_alert(office, (account,), subject_id))
    await office.run(office.cases.open_case, joining, "investigation-1")
    decide = event(office, case_id, 1, "decide", "closed", disposition=m.Disposition.INCONCLUSIVE)
    await office.run(office.cases.record_case_event, decide)
    await closed_case(office, subject_id, m.Disposition.INCONCLUSIVE)
    assert (await reviewed(office, subject_id))[0] == "medium"


@pytest.mark.parametrize("rating", ["low", "medium", "high"])
@pytest.mark.parametrize("disposition", ["true_positive", "false_positive", "inconclusive"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_ratings_never_fall_and_contributions_add_up(rating: str, disposition: str, before: int) -> None:
    table, facts = rating_table(), rating_facts(rating, disposition, inconclusive_before=before)
    order = table.outcomes.index
    assert order(table.outcome(facts)) >= order(rating)
    assert explain_rules(table, facts).additivity_error < 1e-12


def test_a_rating_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="low, medium, high"):
        rating_facts("huge", "true_positive", inconclusive_before=0)
