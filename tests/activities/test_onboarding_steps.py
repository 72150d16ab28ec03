"""The steps of an onboarding on real Postgres with a real specimen: what they decide, record and repeat harmlessly."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from aml.screening import Entity
from explain.record import DecisionKind, sha256_hex
from explain.replay import replay
from kyc.document import DocumentReading
from kyc.specimens.documents import DocumentSpec
from store import applications, customers, decisions, subjects, watchlists
from store.connection import service_transaction
from store.records import StoredDecision
from tests.activities.conftest import NOW, Office, stated_by
from vault import contexts
from vault.envelope import open_sealed
from workflows import messages as m
from workflows.steps import RecordUnknown, SubjectKeyDestroyed

Passport = tuple[DocumentSpec, bytes]


async def load_list(office: Office, name: str, *entities: Entity, checked_at: datetime) -> None:
    """A watchlist of 2021, and when its source confirmed it."""
    version = watchlists.ListVersion(name, "2021-07-01", None, sha256_hex(repr((name, entities)).encode()))
    async with service_transaction(office.pool) as conn:
        await watchlists.store_version(conn, version, entities)
        await watchlists.record_check(conn, name, checked_at)


async def load_required_lists(
    office: Office, *entities: Entity, checked_at: datetime = NOW - timedelta(hours=1)
) -> None:
    nobody, other = listed("nobody", "Nobody Atall", "1901-01-01"), listed("other", "Someone Else", "1902-02-02")
    await load_list(office, "un_sc_sanctions", nobody, checked_at=checked_at)
    await load_list(office, "eu_fsf", other, *entities, checked_at=checked_at)


def listed(entity_id: str, name: str, born: str) -> Entity:
    return Entity(
        id=entity_id,
        schema="Person",
        caption=name,
        datasets=["eu_fsf"],
        properties={"name": [name], "birthDate": [born]},
    )


async def onboard(office: Office, application_id: UUID) -> dict[str, Any]:
    """All steps in the workflow's order; what each of them said."""
    said: dict[str, Any] = {}
    said["admission"] = admission = await office.run(
        office.identity.admit_application, m.OnboardingInput(office.tenant_id, application_id, "")
    )
    scope = admission.scope
    said["documents"] = documents = tuple(
        [
            await office.run(office.identity.read_document, m.DocumentRef(scope, application_id, document_id))
            for document_id in admission.document_ids
        ]
    )
    read = m.ApplicationRead(scope, application_id, documents)
    said["checks"] = checks = await office.run(office.identity.check_application, read)
    said["screening"] = screening = await office.run(office.screening.screen_applicant, read)
    said["risk"] = risk = await office.run(
        office.decisions.rate_risk, m.RiskInput(scope, application_id, documents, checks, screening)
    )
    said["outcome"] = await office.run(
        office.decisions.decide_outcome, m.OutcomeInput(scope, application_id, documents, checks, screening, risk)
    )
    return said


async def test_an_honest_applicant_is_approved_and_becomes_a_customer_once(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, subject_id = await office.submit([image], stated_by(spec))

    said = await onboard(office, application_id)
    assert said["documents"][0].accepted, said["documents"][0].codes
    assert said["screening"].strength == "none"
    assert not said["screening"].stale
    assert (said["outcome"].outcome, said["outcome"].reasons) == ("approve", ())

    conclusion = m.Conclusion(said["admission"].scope, application_id, "approved", ())
    await office.run(office.decisions.conclude_application, conclusion)
    await office.run(office.decisions.conclude_application, conclusion)
    async with office.transaction() as conn:
        application = await applications.fetch_application(conn, application_id)
        customer = await customers.fetch_customer_of_application(conn, application_id)
        subject = await subjects.fetch_subject(conn, subject_id)
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
    assert application is not None
    assert (application.state, application.outcome) == ("concluded", "approved")
    assert customer is not None
    assert customer.rating == said["risk"].rating
    assert customer.sealed_profile is not None
    assert spec.surname.encode() in open_sealed(key, customer.sealed_profile, contexts.customer(customer.customer_id))
    assert subject.retain_until is None  # it runs from the end of the relationship


@pytest.mark.parametrize(
    ("regime", "outcome", "until"),
    [
        ("EU", "rejected", date(2031, 3, 2)),
        ("EU", "blocked", date(2031, 3, 2)),
        ("US", "rejected", date(2031, 3, 2)),
        ("US", "blocked", date(2036, 3, 2)),
    ],
)
async def test_who_did_not_become_a_customer_is_kept_for_the_regimes_years(
    office: Office, regime: str, outcome: str, until: date
) -> None:
    office.regime = regime
    application_id, subject_id = await office.submit([], {"kind": "person"})
    scope = m.Scope(office.tenant_id, regime, "1", NOW)
    await office.run(office.decisions.conclude_application, m.Conclusion(scope, application_id, outcome, ()))
    async with office.transaction() as conn:
        assert (await subjects.fetch_subject(conn, subject_id)).retain_until == until
        await subjects.set_retention(conn, subject_id, NOW.date(), legal_hold=True)
    contested = m.Conclusion(scope, application_id, "approved", ())
    await office.run(office.decisions.conclude_application, contested)
    async with office.transaction() as conn:
        subject = await subjects.fetch_subject(conn, subject_id)
    assert (subject.retain_until, subject.legal_hold) == (None, True)


async def test_every_decision_replays_and_a_second_run_changes_nothing(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, subject_id = await office.submit([image], stated_by(spec))

    first = await onboard(office, application_id)
    second = await onboard(office, application_id)

    assert first["documents"] == second["documents"]
    for step in ("screening", "risk", "outcome"):
        assert first[step] == second[step]
    async with office.transaction() as conn:
        stored = await decisions.list_decisions(conn, f"application:{application_id}")
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        kinds = [decision.kind for decision in stored]
        assert kinds == [
            DecisionKind.DOCUMENT_ACCEPTANCE,
            DecisionKind.SCREENING,
            DecisionKind.ONBOARDING_RISK,
            DecisionKind.ONBOARDING_OUTCOME,
        ]
        for decision in stored:
            model = await decisions.fetch_model(conn, decision.model.sha256)
            evidence = open_sealed(key, decision.sealed_evidence, contexts.decision_evidence(decision.decision_id))
            whole = decision.reopen(evidence)
            assert replay(whole, model.content).identical, replay(whole, model.content).differences
            assert whole.sentence
            assert abs(decision.additivity_error) < 1e-9


async def test_nothing_personal_leaves_the_steps(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, _ = await office.submit([image], stated_by(spec))
    said = repr(await onboard(office, application_id)).upper()
    for secret in (spec.surname, spec.number, spec.birth_date.isoformat()):
        assert secret.upper() not in said


async def test_a_listed_applicant_is_referred_with_the_hit_in_the_record(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office, listed("eu-7", f"{spec.given_names} {spec.surname}", spec.birth_date.isoformat()))
    application_id, subject_id = await office.submit([image], stated_by(spec))
    said = await onboard(office, application_id)
    assert said["screening"].strength == "exact"
    assert said["outcome"].outcome == "refer"
    assert "sanctions_exact" in said["outcome"].reasons
    async with office.transaction() as conn:
        stored = await decisions.fetch_decision(conn, said["screening"].decision_id)
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
    evidence = open_sealed(key, stored.sealed_evidence, contexts.decision_evidence(stored.decision_id))
    assert any(finding.values.get("entity") == "eu-7" for finding in stored.reopen(evidence).findings)


async def test_a_list_is_stale_by_its_last_check_not_by_its_date(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, _ = await office.submit([image], stated_by(spec))
    assert not (await onboard(office, application_id))["screening"].stale  # published in 2021, confirmed an hour ago
    office.now[0] = NOW + timedelta(days=30)
    again, _ = await office.submit([image], stated_by(spec))
    admission = await office.run(office.identity.admit_application, m.OnboardingInput(office.tenant_id, again, ""))
    later = await office.run(office.screening.screen_applicant, m.ApplicationRead(admission.scope, again, ()), "o-2")
    assert later.stale


async def test_without_any_list_the_applicant_is_not_cleared(office: Office, passport: Passport) -> None:
    spec, image = passport
    application_id, _ = await office.submit([image], stated_by(spec))
    said = await onboard(office, application_id)
    assert said["screening"].stale
    assert said["outcome"].outcome == "refer"
    assert "watchlist_stale" in said["outcome"].reasons
    assert await face_decisions(office, application_id) == []  # nobody sent a selfie


async def test_another_name_than_the_documents_is_referred(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, _ = await office.submit([image], stated_by(spec, surname="Bergqvistsson"))
    said = await onboard(office, application_id)
    assert "APPLICATION_MISMATCH(surname)" in said["checks"].codes
    assert said["outcome"].outcome == "refer"
    assert "application_mismatch" in said["outcome"].reasons


async def test_a_selfie_that_cannot_be_compared_is_for_a_person(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, _ = await office.submit([image], stated_by(spec), selfie=b"not a picture")
    said = await onboard(office, application_id)
    assert said["checks"].face == "unsure"
    assert (said["outcome"].outcome, said["outcome"].reasons) == ("refer", ("face_unsure",))
    decided = await face_decisions(office, application_id)
    assert [(each.outcome, [rule.rule for rule in each.rules]) for each in decided] == [
        ("unsure", ["face_not_compared"])
    ]


async def test_the_comparison_of_faces_is_a_decision_also_when_they_match(office: Office, passport: Passport) -> None:
    spec, image = passport
    await load_required_lists(office)
    application_id, _ = await office.submit([image], stated_by(spec), selfie=image)
    said = await onboard(office, application_id)
    assert said["checks"].face == "match"
    (decided,) = await face_decisions(office, application_id)
    assert (decided.outcome, decided.rules, decided.features) == (
        "match",
        (),
        ("face_compared", "face_distance", "liveness"),
    )
    assert [ref.name for ref in decided.inputs] == ["page", "selfie"]


async def face_decisions(office: Office, application_id: UUID) -> list[StoredDecision]:
    async with office.transaction() as conn:
        made = await decisions.list_decisions(conn, f"application:{application_id}")
    return [each for each in made if each.kind is DecisionKind.FACE_MATCH]


async def test_a_file_that_is_no_image_is_unreadable_with_the_code_for_the_applicant(office: Office) -> None:
    application_id, _ = await office.submit([b"\x89PNG\r\n\x1a\n" + b"x" * 2000], {})
    admission = await office.run(
        office.identity.admit_application, m.OnboardingInput(office.tenant_id, application_id, "")
    )
    reference = m.DocumentRef(admission.scope, application_id, admission.document_ids[0])
    summary = await office.run(office.identity.read_document, reference)
    assert not summary.readable
    assert summary.codes == ("NOT_AN_IMAGE",)
    assert summary.decision_id is None


async def test_decoding_links_the_normalised_page_to_the_original(office: Office, passport: Passport) -> None:
    spec, image = passport
    application_id, subject_id = await office.submit([image], stated_by(spec))
    admission = await office.run(
        office.identity.admit_application, m.OnboardingInput(office.tenant_id, application_id, "")
    )
    reference = m.DocumentRef(admission.scope, application_id, admission.document_ids[0])
    await office.run(office.identity.read_document, reference)
    async with office.transaction() as conn:
        document = await applications.fetch_document(conn, admission.document_ids[0])
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
    assert document is not None
    assert len(document.pages) == 1
    assert office.vault.get(office.tenant_id, key, document.pages[0]).startswith(b"\x89PNG")


async def test_an_application_of_another_tenant_is_unknown(office: Office, passport: Passport) -> None:
    spec, image = passport
    application_id, _ = await office.submit([image], stated_by(spec))
    with pytest.raises(RecordUnknown):
        await office.run(office.identity.admit_application, m.OnboardingInput(UUID(int=5), application_id, ""))


async def test_an_erased_subject_ends_the_work(office: Office, passport: Passport) -> None:
    spec, image = passport
    application_id, subject_id = await office.submit([image], stated_by(spec))
    admission = await office.run(
        office.identity.admit_application, m.OnboardingInput(office.tenant_id, application_id, "")
    )
    from store.connection import open_pool, tenant_transaction

    async with (
        await open_pool(office.url, "clearance_retention") as pool,
        tenant_transaction(pool, office.tenant_id) as conn,
    ):
        await subjects.destroy_key(conn, subject_id)
    reference = m.DocumentRef(admission.scope, application_id, admission.document_ids[0])
    with pytest.raises(SubjectKeyDestroyed):
        await office.run(office.identity.read_document, reference)


def test_a_reading_survives_the_vault_unchanged(passport: Passport) -> None:
    from pydantic import TypeAdapter

    from explain.record import canonical_json
    from kyc.reader import read_document

    reading = read_document(passport[1], NOW.date())
    assert reading.mrz is not None
    again = TypeAdapter(DocumentReading).validate_json(canonical_json(reading))
    assert again == reading
