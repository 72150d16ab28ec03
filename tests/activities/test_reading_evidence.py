"""What a reading rests on is kept in the vault beside it, by hash, and can be opened again."""

from activities.identity import MEMORY, resident_bytes
from activities.readings import open_readings
from kyc.geometry import load
from kyc.specimens.documents import DocumentSpec
from store import subjects
from tests.activities.conftest import Office, stated_by
from workflows import messages as m


async def test_the_pieces_of_the_page_are_kept_by_hash_with_the_reading(
    office: Office, passport: tuple[DocumentSpec, bytes]
) -> None:
    spec, image = passport
    application_id, subject_id = await office.submit([image], stated_by(spec))
    admission = await office.run(
        office.identity.admit_application, m.OnboardingInput(office.tenant_id, application_id, "")
    )
    reference = m.DocumentRef(admission.scope, application_id, admission.document_ids[0])

    before = resident_bytes()
    first = await office.run(office.identity.read_document, reference)
    again = await office.run(office.identity.read_document, reference)

    assert first.reading_sha256 == again.reading_sha256
    assert 50e6 < resident_bytes() < before + 2e9, "of a process that reads, not of the tests before it"
    assert MEMORY.collect()[0].samples[0].value > 50e6
    async with office.transaction() as conn:
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
    kept = (await open_readings(office.vault, office.tenant_id, key, (first,)))[0]
    assert [crop.kind for crop in kept.crops][:3] == ["page", "zone", "portrait"]
    assert "mrz:number" in [crop.field for crop in kept.crops]
    for crop in kept.crops:
        assert load(office.vault.get(office.tenant_id, key, crop.sha256)).size > 0
