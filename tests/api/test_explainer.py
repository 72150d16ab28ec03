"""Plots and counterfactuals: who sees them, what is recorded, and the child process that computes them for the API."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import httpx
import pytest

from api.app import create_app
from api.services import ExplainerDown, PlotKind
from clearance.explainer import ChildExplainer, ExplainerRefused, read_decision
from explain.narrative import Reason
from explain.record import Decision, DecisionKind, canonical_json
from store.transactions import TransactionRow, append_transactions, next_ingest_seq
from tests.api.house import MODEL_BYTES, House
from tests.unit.explain.conftest import additive_case, rules_case, tree_case

__all__ = ["additive_case", "rules_case", "tree_case"]

Case = tuple[Decision, bytes]
SVG = "{http://www.w3.org/2000/svg}svg"
COUNTERFACTUAL = {
    "changes": ({"feature": "occupation_risk", "before": 4.0, "after": 1.0, "follows": False},),
    "outcome": "low",
    "score": 0.04,
    "sentence": "It would have been low instead of medium, had the occupation been salaried.",
}


@dataclass
class FakeExplainer:
    """Remembers what it was asked."""

    answer: Mapping[str, Any] = field(default_factory=lambda: COUNTERFACTUAL)
    down: bool = False
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def plot(self, decision: Decision, kind: PlotKind) -> bytes:
        self._ask(decision, kind)
        return b"<svg xmlns='http://www.w3.org/2000/svg'/>"

    async def counterfactual(
        self, decision: Decision, model_bytes: bytes, card: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self._ask(decision, model_bytes, card)
        return self.answer

    async def reasons(
        self, decision: Decision, card: Mapping[str, Any], past: Mapping[str, Sequence[float | None]], limit: int
    ) -> Sequence[Mapping[str, Any]]:
        self._ask(decision, card, past, limit)
        return [asdict(Reason("amount", "the amount is 9.00", 0.4, "FATF R.20", "1 to 2", "higher than 99 %"))]

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if self.down:
            raise ExplainerDown


# --- The routes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def explainer() -> FakeExplainer:
    return FakeExplainer()


def officer(house: House, explainer: FakeExplainer | None, login: str = "analyst") -> httpx.AsyncClient:
    app = create_app(replace(house.services, explainer=explainer))
    return house.anyone(app, Authorization=f"Bearer {house.token(login)}")


async def stored(house: House) -> Decision:
    return await house.decision(f"application:{uuid4()}", house.own.subject_id)


async def test_a_plot_is_drawn_of_the_stored_decision(house: House, explainer: FakeExplainer) -> None:
    decision = await stored(house)
    answer = await officer(house, explainer).get(
        f"/v1/decisions/{decision.decision_id}/plot.svg", params={"kind": "force"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert explainer.asked == [(decision, "force")]


async def test_a_plot_is_a_waterfall_unless_said_otherwise(house: House, explainer: FakeExplainer) -> None:
    path = f"/v1/decisions/{(await stored(house)).decision_id}/plot.svg"
    client = officer(house, explainer)
    assert (await client.get(path)).status_code == 200
    assert explainer.asked[0][1] == "waterfall"
    assert (await client.get(path, params={"kind": "pie"})).status_code == 422


async def test_a_counterfactual_is_searched_with_the_decisions_own_model(
    house: House, explainer: FakeExplainer
) -> None:
    decision = await stored(house)
    answer = await officer(house, explainer).get(f"/v1/decisions/{decision.decision_id}/counterfactual")
    assert answer.json() == {
        "decision_id": str(decision.decision_id),
        "found": True,
        **COUNTERFACTUAL,
        "changes": list(COUNTERFACTUAL["changes"]),
    }
    assert explainer.asked == [(decision, MODEL_BYTES, {"data": "synthetic"})]


async def test_that_nothing_would_have_altered_it_is_an_answer_too(house: House, explainer: FakeExplainer) -> None:
    explainer.answer = {"reason": "it rests on nothing that anyone could change"}
    path = f"/v1/decisions/{(await stored(house)).decision_id}/counterfactual"
    told = (await officer(house, explainer).get(path)).json()
    assert (told["found"], told["changes"], told["outcome"]) == (False, [], None)
    assert told["sentence"] == "It rests on nothing that anyone could change."


@pytest.mark.parametrize(
    ("path", "action"), [("plot.svg", "plot waterfall"), ("counterfactual", "counterfactual"), ("reasons", "reasons")]
)
async def test_each_look_is_recorded(house: House, explainer: FakeExplainer, path: str, action: str) -> None:
    about = f"decision:{(decision := await stored(house)).decision_id}"
    await officer(house, explainer, "auditor").get(f"/v1/decisions/{decision.decision_id}/{path}")
    assert [(actor, allowed) for actor, allowed, _ in house.audited(action, about)] == [
        (f"officer:{house.own.officers['auditor']}", True)
    ]


@pytest.mark.parametrize("path", ["plot.svg", "counterfactual", "reasons"])
async def test_erased_is_gone_and_the_attempt_recorded(house: House, explainer: FakeExplainer, path: str) -> None:
    decision = await stored(house)
    house.erase(house.own.subject_id)
    answer = await officer(house, explainer).get(f"/v1/decisions/{decision.decision_id}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (410, "ERASED")
    assert explainer.asked == []
    assert len(house.rows("SELECT 1 FROM audit WHERE about = %s", f"decision:{decision.decision_id}")) == 1


@pytest.mark.parametrize("path", ["plot.svg", "counterfactual", "reasons"])
async def test_another_tenants_decision_is_not_explained(house: House, explainer: FakeExplainer, path: str) -> None:
    decision = await stored(house)
    app = create_app(replace(house.services, explainer=explainer))
    answer = await house.service(house.other, app).get(f"/v1/decisions/{decision.decision_id}/{path}")
    assert answer.status_code == 404
    assert explainer.asked == []


@pytest.mark.parametrize("path", ["plot.svg", "counterfactual", "reasons"])
@pytest.mark.parametrize("there", [True, False])
async def test_without_an_explainer_the_answer_says_when_to_ask_again(house: House, path: str, there: bool) -> None:
    decision = await stored(house)
    client = officer(house, FakeExplainer(down=True) if there else None)
    answer = await client.get(f"/v1/decisions/{decision.decision_id}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (503, "EXPLAINER_DOWN")
    assert int(answer.headers["retry-after"]) > 0
    assert (await client.get(f"/v1/decisions/{decision.decision_id}")).status_code == 200


async def paid(house: House, subject_id: UUID, account: str, number: int) -> Decision:
    """A payment from the account on day `number`, with its score decision."""
    name = f"{account}-{number}"
    decision = await house.decision(f"transaction:{name}", subject_id)
    row = TransactionRow(
        tenant_id=house.own.tenant_id,
        transaction_id=name,
        ingest_seq=0,
        subject_id=subject_id,
        booked_at=datetime(2026, 3, number, tzinfo=UTC),
        debtor_account=account,
        creditor_account="B",
        amount=Decimal("10.00"),
        currency="EUR",
        digest=bytes(32),
        decision_id=decision.decision_id,
    )
    async with house.as_role("clearance_engine") as connection:
        sequence = await next_ingest_seq(connection, house.own.tenant_id)
        await append_transactions(connection, [replace(row, ingest_seq=sequence)])
    return decision


async def test_reasons_compare_a_payment_with_the_same_persons_earlier_ones(
    house: House, explainer: FakeExplainer
) -> None:
    account, person = f"A{uuid4().hex[:8]}", house.own.subject_id
    for number in (1, 2, 9):
        await paid(house, person, account, number)
    await paid(house, person, f"C{uuid4().hex[:8]}", 1)
    decision = await paid(house, person, account, 5)
    answer = await officer(house, explainer).get(f"/v1/decisions/{decision.decision_id}/reasons", params={"limit": 3})
    assert answer.status_code == 200
    assert answer.json() == {
        "decision_id": str(decision.decision_id),
        "population": False,
        "past": 2,
        "reasons": [
            {
                "name": "amount",
                "text": "the amount is 9.00",
                "effect": 0.4,
                "citation": "FATF R.20",
                "usual": "1 to 2",
                "comparison": "higher than 99 %",
            }
        ],
    }
    ((asked, card, past, limit),) = explainer.asked
    assert (asked, card, limit) == (decision, {"data": "synthetic"}, 3)
    # Of the two payments before, not of the later one, not of another account; a value that is unknown is not compared.
    assert past == {"residence_risk": [1.0, 1.0], "occupation_risk": [4.0, 4.0]}


async def test_reasons_of_what_is_no_payment_have_no_past(house: House, explainer: FakeExplainer) -> None:
    decision = await stored(house)
    answer = await officer(house, explainer).get(f"/v1/decisions/{decision.decision_id}/reasons")
    assert (answer.status_code, answer.json()["past"]) == (200, 0)
    assert explainer.asked[0][2:] == ({}, 10)


# --- The child --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def child() -> AsyncIterator[ChildExplainer]:
    made = ChildExplainer(answer_seconds=120.0)
    yield made
    await made.close()


def process(child: ChildExplainer) -> asyncio.subprocess.Process:
    assert child._starting is not None
    return child._starting.result()


def test_a_decision_survives_the_pipe(tree_case: Case, rules_case: Case, additive_case: Case) -> None:
    import json

    for decision, _ in (tree_case, rules_case, additive_case):
        assert read_decision(json.loads(canonical_json(decision))) == decision


async def test_the_child_draws_what_explain_draws(child: ChildExplainer, rules_case: Case) -> None:
    from explain.plots import force_svg, waterfall_svg

    decision = rules_case[0]
    assert await child.plot(decision, "waterfall") == waterfall_svg(decision.explanation)
    force = await child.plot(decision, "force")
    assert force == force_svg(decision.explanation)
    assert ET.fromstring(force).tag == SVG


async def test_the_child_finds_a_counterfactual_of_every_kind_of_model(
    child: ChildExplainer, tree_case: Case, rules_case: Case, additive_case: Case
) -> None:
    risky = await child.counterfactual(*tree_case, {})
    assert (tree_case[0].outcome, risky["outcome"]) == ("high", "medium")
    assert all(change["before"] != change["after"] for change in risky["changes"])
    assert (await child.counterfactual(*rules_case, {})).keys() & {"sentence", "reason"}
    assert "anyone could change" in (await child.counterfactual(*additive_case, {}))["reason"]


async def test_the_child_says_reasons_beside_what_is_usual(child: ChildExplainer, tree_case: Case) -> None:
    decision = tree_case[0]
    values = {one.feature: one.value for one in decision.explanation.ranked() if isinstance(one.value, int | float)}
    card = {"population": {name: [value - 2.0 + step / 10 for step in range(21)] for name, value in values.items()}}
    past = {name: [value - 10.0 + step / 10 for step in range(21)] for name, value in values.items()}
    reasons = await child.reasons(decision, card, past, 20)
    effects = [reason["effect"] for reason in reasons if reason["name"] in values]
    assert len(effects) > 3
    assert effects == sorted(effects, key=abs, reverse=True)
    assert all(reason["usual"] for reason in reasons if reason["name"] in values)
    # Where a value has a word of its own, such as an occupation's, the word says enough.
    compared = [reason["comparison"] for reason in reasons if reason["comparison"]]
    assert compared
    assert all("customers" in said and "this customer's own past payments" in said for said in compared)


async def test_a_payment_is_compared_with_payments(child: ChildExplainer, tree_case: Case) -> None:
    decision = replace(tree_case[0], kind=DecisionKind.TRANSACTION_SCORE)
    values = {one.feature: one.value for one in decision.explanation.ranked() if isinstance(one.value, int | float)}
    card = {"population": {name: [value - 2.0 + step / 10 for step in range(21)] for name, value in values.items()}}
    compared = [reason["comparison"] for reason in await child.reasons(decision, card, {}, 20)]
    assert any(compared)
    assert all(said.endswith("payments") for said in compared if said)


async def test_answers_go_to_who_asked(child: ChildExplainer, tree_case: Case, rules_case: Case) -> None:
    from explain.plots import waterfall_svg

    cases = [tree_case[0], rules_case[0]] * 3
    pictures = await asyncio.gather(*(child.plot(decision, "waterfall") for decision in cases))
    assert pictures == [waterfall_svg(decision.explanation) for decision in cases]


async def test_a_child_that_died_is_replaced(child: ChildExplainer, rules_case: Case) -> None:
    await child.plot(rules_case[0], "force")
    first = process(child)
    first.send_signal(signal.SIGKILL)
    assert ET.fromstring(await child.plot(rules_case[0], "force")).tag == SVG
    assert process(child).pid != first.pid


async def test_a_request_given_up_leaves_no_answer_behind(
    child: ChildExplainer, tree_case: Case, rules_case: Case
) -> None:
    from explain.plots import waterfall_svg

    await child.plot(rules_case[0], "force")
    asking = asyncio.create_task(child.counterfactual(*tree_case, {}))
    await asyncio.sleep(0.005)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert await child.plot(rules_case[0], "waterfall") == waterfall_svg(rules_case[0].explanation)


async def test_a_model_that_is_none_is_an_error_without_its_values(child: ChildExplainer, tree_case: Case) -> None:
    with pytest.raises(ExplainerRefused) as caught:
        await child.counterfactual(tree_case[0], b"no model", {})
    assert str(caught.value).isidentifier()
    assert ET.fromstring(await child.plot(tree_case[0], "force")).tag == SVG


async def test_nothing_personal_is_in_the_childs_arguments_or_environment(
    child: ChildExplainer, rules_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARANCE_SECRET_FOR_TEST", "x")
    await child.close()
    await child.plot(rules_case[0], "force")
    proc = Path("/proc") / str(process(child).pid)
    if not proc.is_dir():
        pytest.skip("no /proc here")
    assert (proc / "cmdline").read_bytes().split(b"\0")[1:-1] == [b"-m", b"clearance.explainer"]
    assert b"CLEARANCE" not in (proc / "environ").read_bytes()
    assert (proc / "fd" / "2").readlink() == Path(os.devnull)


@pytest.mark.parametrize("script", ["import time; time.sleep(60)", "print('{}', flush=True); input(); input()"])
async def test_a_child_that_does_not_answer_in_time_is_told_as_down(rules_case: Case, script: str) -> None:
    silent = ChildExplainer(answer_seconds=0.5, command=(sys.executable, "-c", script))
    with pytest.raises(ExplainerDown):
        await silent.plot(rules_case[0], "force")
    await silent.close()


async def test_closing_ends_a_child_that_is_still_starting(rules_case: Case, tmp_path: Path) -> None:
    script = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    slow = ChildExplainer(answer_seconds=2.0, command=(sys.executable, "-c", script))
    with pytest.raises(ExplainerDown):
        await slow.plot(rules_case[0], "force")
    await slow.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_child_that_keeps_dying_is_told_as_down(rules_case: Case) -> None:
    dying = ChildExplainer(command=(sys.executable, "-c", "print('{}', flush=True); input()"))
    with pytest.raises(ExplainerDown):
        await dying.plot(rules_case[0], "force")
    await dying.close()


def test_the_api_process_stays_light() -> None:
    import subprocess

    script = "import sys, clearance.http; print({'shap', 'numba', 'matplotlib', 'explain.plots'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
