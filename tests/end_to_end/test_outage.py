"""Temporal goes away and comes back: what was acknowledged is not lost, officers are told to try again."""

from datetime import UTC, datetime

import httpx
import pytest

from clearance.client import RequestRefused, wait_for
from clearance.demo_data import invented_applicant
from tests.end_to_end.conftest import House


def test_an_application_taken_without_temporal_is_decided_when_it_is_back(house: House) -> None:
    picture, applicant = invented_applicant(3, datetime.now(UTC).date())
    house.stack.stop("temporal")
    try:
        accepted = house.service.submit(applicant, [picture])
        application_id = accepted["application_id"]
        assert house.service.get(accepted["url"])["state"] == "received"
        assert house.rows("SELECT count(*) FROM outbox WHERE dispatched_at IS NULL") == [(1,)]
        health = httpx.get(f"{house.stack.api_url}/health/ready", timeout=10)
        assert (health.status_code, health.json()["temporal"]) == (200, "down")
        cases = house.analyst.get("/v1/cases")["cases"]
        if cases:
            with pytest.raises(RequestRefused) as refused:
                house.analyst.post(f"/v1/cases/{cases[0]['case_id']}/claim", {})
            assert refused.value.status == 503
    finally:
        house.stack.start_temporal()

    def decided() -> bool:
        seen = house.service.get(f"/v1/applications/{application_id}")
        return seen["state"] in ("in_review", "concluded")

    wait_for(decided, "the decision after the outage", 300)
    assert house.rows("SELECT count(*) FROM outbox WHERE dispatched_at IS NULL") == [(0,)]
    workflows = house.rows(
        "SELECT count(DISTINCT workflow_id) FROM outbox WHERE payload ->> 'application_id' = %s", application_id
    )
    assert workflows == [(1,)]
