"""logic-v2 on the same query: asked for by name, explained by feature, and a clear word where it is not there."""

from importlib.util import find_spec

import pytest

from aml.screening import ScorerUnavailable, ScreeningIndex, person, screen

INSTALLED = find_spec("nomenklatura") is not None


def test_an_unknown_scorer_is_named(index: ScreeningIndex) -> None:
    with pytest.raises(ScorerUnavailable, match="logic-v2"):
        screen(person("Somebody"), index=index, scorer="logic-v9")


@pytest.mark.skipif(INSTALLED, reason="nomenklatura is installed")
def test_without_the_extra_the_error_says_what_to_install(index: ScreeningIndex) -> None:
    with pytest.raises(ScorerUnavailable, match=r"clearance\[challenger\]"):
        screen(person("Somebody"), index=index, scorer="logic-v2")


@pytest.mark.skipif(not INSTALLED, reason="nomenklatura (the extra `challenger`) is not installed")
def test_its_parts_add_up_to_its_score(index: ScreeningIndex) -> None:
    name = index.entity(0)["caption"]
    result = screen(person(name), index=index, scorer="logic-v2", threshold=0.3)
    assert result.scorer.name == "logic-v2"
    assert result.hits
    for hit in result.hits:
        assert 0.3 <= hit.score <= 1.0
        assert hit.score == pytest.approx(min(1.0, max(0.0, sum(part.delta for part in hit.contributions))))
