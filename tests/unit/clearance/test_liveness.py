"""The provider of liveness checks that a setting names: asked where it can be, and no check where it fails."""

import sys
from types import ModuleType

import pytest

from clearance.liveness import ProviderMissing, load_provider
from explain.rules import explain_rules
from kyc.face_match import face_match_facts, face_match_table
from kyc.faces import NOT_CHECKED, FaceMatch, LivenessResult

LIVE, NOT_LIVE = LivenessResult("live", "test"), LivenessResult("not_live", "test")


class Says:
    def check(self, selfie: bytes) -> LivenessResult:
        return LIVE if selfie == b"a person" else NOT_LIVE


class Fails:
    def check(self, selfie: bytes) -> LivenessResult:
        raise ConnectionError("the provider is away")


class Mumbles:
    def check(self, selfie: bytes) -> str:
        return "live"


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("liveness_of_test")
    module.__dict__.update(Says=Says, ready=Says(), made=lambda: Says(), Fails=Fails, Mumbles=Mumbles, object=object)
    monkeypatch.setitem(sys.modules, "liveness_of_test", module)


def test_nobody_is_asked_without_a_provider() -> None:
    assert load_provider("").check(b"a person") == NOT_CHECKED


@pytest.mark.parametrize("attribute", ["Says", "ready", "made"])
def test_the_named_provider_is_asked(attribute: str) -> None:
    provider = load_provider(f"liveness_of_test:{attribute}")

    assert provider.check(b"a person") == LIVE
    assert provider.check(b"a picture of one") == NOT_LIVE


@pytest.mark.parametrize("attribute", ["Fails", "Mumbles"])
def test_a_provider_that_gives_no_answer_has_checked_nothing(attribute: str) -> None:
    result = load_provider(f"liveness_of_test:{attribute}").check(b"a person")

    assert (result.result, result.provider) == ("not_checked", f"liveness_of_test:{attribute}")


@pytest.mark.parametrize("name", ["liveness_of_test", "liveness_of_test:absent", "no_such_module:x", ":x"])
def test_a_name_that_leads_nowhere_says_what_to_write(name: str) -> None:
    with pytest.raises(ProviderMissing, match="module:attribute"):
        load_provider(name)


def test_an_object_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ProviderMissing, match="check"):
        load_provider("liveness_of_test:object")


@pytest.mark.parametrize(
    ("liveness", "required", "outcome", "rules"),
    [
        (LIVE, False, "match", []),
        (LIVE, True, "match", []),
        (NOT_CHECKED, False, "match", []),
        (NOT_CHECKED, True, "unsure", ["liveness_not_checked"]),
        (NOT_LIVE, False, "unsure", ["liveness_failed"]),
        (NOT_LIVE, True, "unsure", ["liveness_failed"]),
    ],
)
def test_the_policy_sees_what_was_checked(
    liveness: LivenessResult, required: bool, outcome: str, rules: list[str]
) -> None:
    table = face_match_table(liveness_required=required)
    facts = face_match_facts(FaceMatch("match", 0.31, liveness=liveness))

    assert table.outcome(facts) == outcome
    assert [rule.name for rule in table.fired(facts)] == rules
    assert explain_rules(table, facts).additivity_error < 1e-12
