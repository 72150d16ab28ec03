"""The labelled set: what the model saw and what officers made of it, without a person in it."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

from clearance.labels import FORMAT, Written, _of_tenant
from store.cases import CaseEventRow, record_event
from store.connection import open_pool
from tests.api.house import House


async def closed(house: House, disposition: str, code: str | None = None) -> UUID:
    """An application's case that ended so, with the rating that the model had given; the subject."""
    application_id = UUID((await house.submit()).json()["application_id"])
    about, subject_id = f"application:{application_id}", house.subject_of(application_id)
    await house.decision(about, subject_id)
    case = await house.case("application", about, subject_id)
    officer = house.own.officers["analyst"]
    row = CaseEventRow(
        house.own.tenant_id, case.case_id, 1, "decide", "closed", datetime.now(UTC), officer, officer, disposition,
        code=code,
    )  # fmt: skip
    async with house.as_role("clearance_worker") as connection:
        await record_event(connection, row)
    return subject_id


async def written(house: House) -> tuple[Written, list[dict[str, object]]]:
    file, count = io.StringIO(), Written()
    async with await open_pool(house.url, "clearance_worker") as pool:
        await _of_tenant(pool, house.keys, house.own.tenant_id, None, file, count)
    return count, [json.loads(line) for line in file.getvalue().splitlines()]


async def test_a_disposition_labels_the_features_that_the_model_saw(house: House) -> None:
    await closed(house, "reject")
    await closed(house, "approve", "different_person")
    count, rows = await written(house)
    assert (count.rows, count.right, count.erased) == (2, 1, 0)
    assert [(row["label"], row["disposition"], row["false_positive_reason"]) for row in rows] == [
        (1, "reject", None),
        (0, "approve", "different_person"),
    ]
    assert rows[0]["features"] == {"residence_risk": 1.0, "occupation_risk": 4.0, "monthly_income": None}
    assert (rows[0]["format"], rows[0]["kind"], rows[0]["score"]) == (FORMAT, "onboarding", 0.14)


async def test_no_id_and_no_name_is_in_it_and_the_erased_are_left_out(house: House) -> None:
    subject_id = await closed(house, "reject")
    erased = await closed(house, "reject")
    house.erase(erased)
    count, rows = await written(house)
    assert (count.rows, count.erased) == (1, 1)
    ids = house.rows("SELECT case_id::text, subject_id::text, about FROM case_file")
    text = json.dumps(rows)
    for known in (str(subject_id), "Beispiel", "Jana", *(part for row in ids for part in row)):
        assert known.rpartition(":")[2] not in text
