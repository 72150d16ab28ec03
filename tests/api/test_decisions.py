"""A decision is opened in full for who may read it, with a trace, and in numbers outlives the person's erasure."""

import math
from uuid import uuid4

import psycopg
import pytest

from explain.record import Decision
from tests.api.house import House


async def stored_decision(house: House) -> Decision:
    return await house.decision(f"application:{uuid4()}", house.own.subject_id)


async def test_all_that_explains_a_decision_is_answered(house: House) -> None:
    decision = await stored_decision(house)
    answer = await house.officer("analyst").get(f"/v1/decisions/{decision.decision_id}")
    assert answer.status_code == 200
    told = answer.json()
    assert told["model"] == {"name": "onboarding_risk", "version": "1", "sha256": decision.model.sha256}
    assert told["method"] == "tree_path_dependent"
    assert told["contributions"] == [
        {"feature": "occupation_risk", "value": 4.0, "shap": -0.75},
        {"feature": "monthly_income", "value": None, "shap": 0.4},
        {"feature": "residence_risk", "value": 1.0, "shap": 0.1},
    ]
    assert told["sentence"] == "Jana Maria Beispiel is rated medium."
    assert told["findings"] == [
        {
            "rule": "RATING",
            "effect": "medium",
            "citation": "FATF R.10",
            "text": "Rated medium at 0.14.",
            "values": {"probability": 0.14},
        }
    ]
    assert told["inputs"] == [{"name": "document", "sha256": "ab" * 32}]
    assert (told["regime"], told["regime_version"], told["policy_version"]) == ("EU", "2026-01", "3")
    assert told["evidence"] == "open"


async def test_base_value_and_shap_values_add_up_to_the_output(house: House) -> None:
    decision = await stored_decision(house)
    told = (await house.service().get(f"/v1/decisions/{decision.decision_id}")).json()
    total = math.fsum([told["base_value"], *(one["shap"] for one in told["contributions"])])
    assert abs(total - told["output"]) == told["additivity_error"] <= 1e-12


async def test_reading_a_decision_is_audited(house: House) -> None:
    decision = await stored_decision(house)
    await house.officer("auditor").get(f"/v1/decisions/{decision.decision_id}")
    [(actor, allowed, _)] = house.audited("read", f"decision:{decision.decision_id}")
    assert (actor, allowed) == (f"officer:{house.own.officers['auditor']}", True)


async def test_a_read_that_cannot_be_audited_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.routes import decisions

    async def fail(*_: object) -> None:
        raise RuntimeError("no audit row was written")

    decision = await stored_decision(house)
    monkeypatch.setattr(decisions, "record_read", fail)
    answer = await house.service().get(f"/v1/decisions/{decision.decision_id}")
    assert answer.status_code == 500
    assert "Beispiel" not in answer.text


async def test_after_erasure_the_numbers_remain_and_the_person_does_not(house: House) -> None:
    decision = await stored_decision(house)
    house.erase(house.own.subject_id)
    answer = await house.officer("auditor").get(f"/v1/decisions/{decision.decision_id}")
    assert answer.status_code == 200
    told = answer.json()
    assert told["evidence"] == "erased"
    assert told["sentence"] is None
    assert [(one["feature"], one["value"]) for one in told["contributions"]] == [
        ("occupation_risk", None),
        ("monthly_income", None),
        ("residence_risk", None),
    ]
    assert told["findings"] == [
        {"rule": "RATING", "effect": "medium", "citation": "FATF R.10", "text": None, "values": {}}
    ]
    assert "Beispiel" not in answer.text


async def test_the_decisions_on_a_matter_are_listed_without_what_is_personal(house: House) -> None:
    decision = await stored_decision(house)
    answer = await house.service().get("/v1/decisions", params={"about": decision.about})
    assert [row["decision_id"] for row in answer.json()["decisions"]] == [str(decision.decision_id)]
    assert "Beispiel" not in answer.text


async def test_another_tenants_decision_does_not_exist(house: House) -> None:
    decision = await stored_decision(house)
    other = house.service(house.other)
    assert (await other.get(f"/v1/decisions/{decision.decision_id}")).status_code == 404
    assert (await other.get("/v1/decisions", params={"about": decision.about})).json()["decisions"] == []
    assert house.audited("read", f"decision:{decision.decision_id}") == []


async def test_an_id_that_is_none_is_a_problem(house: House) -> None:
    answer = await house.service().get("/v1/decisions/not-an-id")
    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID")
    assert answer.json()["errors"][0]["pointer"] == "/path/decision_id"


async def test_an_alert_shows_what_proves_it(house: House) -> None:
    alert_id = await house.alert()
    told = (await house.officer("analyst").get(f"/v1/alerts/{alert_id}")).json()
    assert told["typologies"] == ["structuring"]
    assert told["evidence"] == [{"typology": "structuring", "text": "Nine deposits just below 10,000."}]
    assert len(told["transactions"]) == 1
    assert len(house.audited("read", f"alert:{alert_id}")) == 1
    assert (await house.service(house.other).get(f"/v1/alerts/{alert_id}")).status_code == 404


async def test_alerts_of_one_instant_are_paged_without_a_gap(house: House) -> None:
    alerts = {str(await house.alert()) for _ in range(3)}
    with psycopg.connect(house.url) as connection:
        connection.execute("ALTER TABLE alert DISABLE TRIGGER append_only")
        connection.execute(
            "UPDATE alert SET created_at = '2026-03-04T12:00:00Z' WHERE tenant_id = %s", (house.own.tenant_id,)
        )
        connection.execute("ALTER TABLE alert ENABLE ALWAYS TRIGGER append_only")
    listed: list[str] = []
    after: dict[str, str] = {}
    for _ in range(4):
        page = (await house.service().get("/v1/alerts", params={"limit": 1, **after})).json()
        listed += [row["alert_id"] for row in page["alerts"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(listed) == 3
    assert set(listed) == alerts
