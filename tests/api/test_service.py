"""Health, metrics, logs, the API's own description, and what its process must never load."""

import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from api.app import create_app
from store.connection import open_pool
from tests.api.house import APPLICANT, House

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    "cv2 onnxruntime rapidocr transformers shap lightgbm sklearn pandas numba PIL matplotlib scipy torch explain.trees"
)


def test_the_api_loads_nothing_heavy() -> None:
    program = "import sys, api.app; print(' '.join(name for name in sys.argv[1:] if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program, *HEAVY.split()], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""


# --- Health ----------------------------------------------------------------------------------------------------------


async def test_it_lives_and_is_ready(house: House) -> None:
    assert (await house.anyone().get("/health/live")).json() == {"status": "live"}
    ready = await house.anyone().get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "database": "ok", "temporal": "ok"})


async def test_without_temporal_it_is_degraded_but_takes_submissions(house: House) -> None:
    house.temporal.down = True
    ready = await house.anyone().get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert (await house.submit()).status_code == 202


async def test_without_the_database_it_is_not_ready_and_says_so_everywhere(house: House) -> None:
    pool = await open_pool(house.url, "clearance_api")
    app = create_app(replace(house.services, pool=pool))
    await pool.close()
    ready = await house.anyone(app).get("/health/ready")
    assert (ready.status_code, ready.json()["database"]) == (503, "down")
    assert (await house.anyone(app).get("/health/live")).status_code == 200
    answer = await house.anyone(app, Authorization=f"Bearer {house.token('analyst')}").get("/v1/cases")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0


async def test_metrics_name_routes_not_paths(house: House) -> None:
    application_id = (await house.submit()).json()["application_id"]
    await house.service().get(f"/v1/applications/{application_id}")
    metrics = (await house.service().get("/metrics")).text
    assert 'route="/v1/applications/{application_id}"' in metrics
    assert application_id not in metrics
    await house.anyone().get(f"/{uuid4()}")
    assert 'route="none"' in (await house.service().get("/metrics")).text


# --- Logs and errors -------------------------------------------------------------------------------------------------


async def test_logs_carry_no_person(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await house.submit(key="jana-beispiel")
    await house.submit(applicant={**APPLICANT, "birth_date": "2999-12-24"})
    await house.anyone().post(
        "/v1/tokens", json={"tenant_id": str(house.own.tenant_id), "login": "jana", "password": "geheim"}
    )
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("api"))
    assert "POST /v1/applications 202" in ours
    for personal in ("Beispiel", "Jana", "jana", "1990-05-17", "2999-12-24", "geheim", house.own.api_key):
        assert personal not in ours


async def test_a_surprise_tells_nothing_but_its_id(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.routes import cases

    told_by_the_database = f"Key (name)=({APPLICANT['surname']}) already exists"

    async def surprise(*_: object, **__: object) -> None:
        raise ValueError(told_by_the_database)

    monkeypatch.setattr(cases, "fetch_queue", surprise)
    answer = await house.officer("analyst").get("/v1/cases")
    assert answer.status_code == 500
    assert answer.json()["code"] == "INTERNAL"
    assert "Beispiel" not in answer.text + caplog.text
    request_id = answer.headers["X-Request-Id"]
    assert answer.json()["instance"] == f"urn:uuid:{request_id}"
    assert f"request {request_id} failed with ValueError" in caplog.text
    assert "in queue" in caplog.text  # the stack, for whoever has to find it


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/v1/tokens", 405)])
async def test_what_is_not_there_is_a_problem_too(house: House, method: str, path: str, status: int) -> None:
    answer = await house.anyone().request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


async def test_answers_are_not_cached(house: House) -> None:
    for path in ("/v1/applications", "/v1/cases"):
        answer = await house.service().get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# --- The description -------------------------------------------------------------------------------------------------


async def test_every_operation_is_described(house: House) -> None:
    for app in (house.app, house.engine_app):
        schema = app.openapi()
        tags = {tag["name"] for tag in schema["tags"]}
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                where = f"{method} {path}"
                assert operation["summary"], where
                assert operation["description"], where
                assert set(operation["tags"]) <= tags, where
                if "x-permission" in operation:
                    assert operation["security"] == [{"bearer": []}], where
                    assert {"401", "403", "503"} <= set(operation["responses"]), where


async def test_every_reference_in_the_description_leads_somewhere(house: House) -> None:
    for app in (house.app, house.engine_app):
        schema = app.openapi()
        references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(schema)))
        assert references
        assert references <= set(schema["components"]["schemas"])


async def test_no_parameter_of_a_url_is_personal(house: House) -> None:
    names = {
        parameter["name"]
        for app in (house.app, house.engine_app)
        for methods in app.openapi()["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] in ("path", "query")
    }
    ids = {"application_id", "alert_id", "decision_id", "case_id", "document_id", "filing_id", "page"}
    ids |= {"evidence_id", "number"}
    ids |= {"screening_id", "endpoint_id", "issuer_id", "officer_id", "delivery_id", "dataset"}
    # How to match, never whom.
    how = {"algorithm", "threshold", "cutoff", "topics", "exclude_entity_ids"}
    how |= {"include_dataset", "exclude_dataset", "exclude_schema"}
    filters = {"assignee", "reason", "min_risk", "due_before", "due_after", "escalated", "snoozed", "sort"}
    assert names == ids | how | filters | {"since", "until", "state", "status", "limit", "after", "about", "kind"}


async def test_the_documented_applicant_is_taken(house: House) -> None:
    [example] = house.app.openapi()["components"]["schemas"]["PersonIn"]["examples"]
    assert (await house.submit(applicant=example)).status_code == 202


async def test_words_of_the_risk_model_are_the_words_of_the_api() -> None:
    """The schema promises words of its own; they must stay those that the risk rating knows."""
    from typing import get_args

    from aml.customer_risk import Channel, Occupation, Product
    from api.schemas.applications import PersonIn

    for name, words in (("channel", Channel), ("product", Product), ("occupation", Occupation)):
        literal, _ = get_args(PersonIn.model_fields[name].annotation)
        assert set(get_args(literal)) == {word.value for word in words}


async def test_every_rule_that_may_be_told_is_known_to_the_policy() -> None:
    """And screening, risk and sanctions rules are never among them."""
    from api.reasons import TEXTS

    secret = re.compile(r"SANCTION|WATCHLIST|SCREEN|RISK|EXPOSED|ALERT|SUSPICI|FILING", re.IGNORECASE)
    for code, (text, advice) in TEXTS.items():
        assert not secret.search(code + text + advice), code
        assert text.endswith(".")
        assert advice.endswith(".")
