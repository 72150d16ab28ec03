"""A tenant's own rates: dated, read again when they change, and never guessed from a broken file."""

import json
import logging
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from clearance.rates import RatesFolder, RatesUnreadable, read_dated_rates, read_rates

TENANT = UUID(int=7)


def write(folder: Path, content: object) -> Path:
    path = folder / f"{TENANT}.json"
    fresh = folder / "fresh"
    fresh.write_text(content if isinstance(content, str) else json.dumps(content))
    fresh.replace(path)
    return path


def test_a_dated_file_gives_its_rates_and_its_date(tmp_path: Path) -> None:
    path = write(tmp_path, {"as_of": "2026-11-20", "EUR": "1.08", "JPY": 0.0067})
    rates = read_dated_rates(path, "USD")
    assert rates.name == "the rates of 2026-11-20"
    assert rates.units == {"EUR": Decimal("1.08"), "JPY": Decimal("0.0067")}
    assert read_rates(path) == rates.units, "the same file serves `clearance monitor --rates`"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "holds no rates in JSON"),
        ([1], "does not map currencies"),
        ({"EUR": "1.08"}, "as_of is None, no date"),
        ({"as_of": "yesterday", "EUR": "1.08"}, "'yesterday', no date"),
        ({"as_of": "2026-11-20", "USD": "1"}, "the regime's own currency"),
        ({"as_of": "2026-11-20", "EUR": "-1"}, "not above zero"),
        ({"as_of": "2026-11-20", "ZZZ": "1"}, "ISO 4217"),
        ("[" * 100_000, "holds no rates in JSON"),
    ],
)
def test_a_broken_file_is_refused_with_how_one_is_written(tmp_path: Path, content: object, says: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(RatesUnreadable, match=says) as refused:
        read_dated_rates(path, "USD")
    assert '"EUR": "1.08"' in str(refused.value)
    assert str(path) in str(refused.value)
    with pytest.raises(RatesUnreadable):
        RatesFolder(tmp_path).check(TENANT, "USD")


def test_a_replaced_file_is_read_and_a_broken_one_leaves_the_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = RatesFolder(tmp_path)
    folder.check(TENANT, "USD")
    assert (folder.rates(TENANT, "USD"), folder.units(TENANT, "USD")) == (None, {})
    for day, euro in (("2026-11-19", "1.07"), ("2026-11-20", "1.08")):
        write(tmp_path, {"as_of": day, "EUR": euro})
        found = folder.rates(TENANT, "USD")
        assert found is not None
        assert (found.name, found.units["EUR"]) == (f"the rates of {day}", Decimal(euro))
    write(tmp_path, "{")
    with caplog.at_level(logging.ERROR):
        assert [folder.units(TENANT, "USD")["EUR"] for _ in range(3)] == [Decimal("1.08")] * 3
    assert len(caplog.records) == 1, "told once"
    (tmp_path / f"{TENANT}.json").unlink()
    assert folder.rates(TENANT, "USD") is None
    write(tmp_path, "{")
    assert folder.rates(TENANT, "USD") is None, "nobody's payments wait for a file"
