"""Evidence for never lowers a hit, evidence against never raises it, and contradiction weighs more than omission."""

import pytest

from aml.screening import Hit, ScreeningIndex, WatchList, person, screen
from aml.screening.watchlist import Entity

NAME = "Reinaldo Montezarano Villaquera"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> ScreeningIndex:
    properties = {"name": [NAME], "birthDate": ["1961-04-17"], "nationality": ["co"], "gender": ["male"]}
    entity = Entity(id="one", schema="Person", caption=NAME, datasets=["own"], properties=properties)
    return ScreeningIndex.build([WatchList("own", "1", None, "7" * 64, (entity,))], tmp_path_factory.mktemp("one"))


def hit(index: ScreeningIndex, name: str = NAME, born: str | None = None, countries: tuple[str, ...] = ()) -> Hit:
    return screen(person(name, birth_date=born, countries=countries), index=index, threshold=0.0).hits[0]


def test_what_agrees_raises_and_what_contradicts_lowers(one: ScreeningIndex) -> None:
    nothing = hit(one).log_odds
    dates = [hit(one, born=born).log_odds for born in ("1961-04-17", "1961", "1962", "1990-01-31")]
    assert dates[0] > dates[1] > dates[2] >= nothing > dates[3]
    assert hit(one, countries=("co",)).log_odds > nothing > hit(one, countries=("jp",)).log_odds


def test_contradiction_weighs_more_than_omission(one: ScreeningIndex) -> None:
    whole, omitted = hit(one), hit(one, "Reinaldo Montezarano")
    contradicted = hit(one, "Reinaldo Montezarano Kowalczyk")
    assert whole.log_odds > omitted.log_odds > contradicted.log_odds


def test_exact_matches_are_ranked_by_their_evidence(one: ScreeningIndex) -> None:
    name_only, with_date = hit(one), hit(one, born="1961-04-17")
    everything = hit(one, born="1961-04-17", countries=("co",))
    assert name_only.score < with_date.score < everything.score < 1.0


@pytest.mark.parametrize("name", [NAME, "رينالدو مونتيزارانو", "Reinaldo Mntzrn", "R. Montezarano Vil"])
def test_contributions_add_up_to_the_log_odds(one: ScreeningIndex, name: str) -> None:
    found = hit(one, name, born="1961")
    assert sum(part.delta for part in found.contributions) == pytest.approx(found.log_odds, abs=1e-9)
