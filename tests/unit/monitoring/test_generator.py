"""Generated worlds: the same from the same seed, labelled, and readable as a file like any other."""

from pathlib import Path

from aml.files import Labelled, read_labelled
from aml.generator import generate, write_csv
from aml.generator.evaluation import evaluation_world
from aml.generator.laundering import SCHEMES
from aml.typologies import NAMES


def test_a_world_comes_whole_from_its_seed() -> None:
    assert generate(1, people=60, days=20) == generate(1, people=60, days=20)
    assert generate(1, people=60, days=20) != generate(2, people=60, days=20)
    assert evaluation_world(1, accounts=100, days=20) == evaluation_world(1, accounts=100, days=20)


def test_every_scheme_is_a_typology_that_the_engine_looks_for() -> None:
    assert set(SCHEMES) <= set(NAMES)
    assert set(SCHEMES) == {p.kind for p in generate(1, people=200, days=40)} - {""}


def test_laundering_is_rare_and_in_time() -> None:
    for payments in (generate(3, people=300, days=40), evaluation_world(3, accounts=400, days=40)):
        times = [payment.transaction.booked_at for payment in payments]
        assert times == sorted(times)
        assert 0 < sum(payment.laundering for payment in payments) < 0.04 * len(payments)
        assert len({payment.transaction.transaction_id for payment in payments}) == len(payments)


def test_a_written_world_reads_back_with_its_labels(tmp_path: Path) -> None:
    payments = generate(4, people=60, days=15)
    write_csv(tmp_path / "world.csv", payments)
    rows = list(read_labelled(tmp_path / "world.csv"))
    assert all(isinstance(row, Labelled) for row in rows)
    assert [row.transaction for row in rows if isinstance(row, Labelled)] == [p.transaction for p in payments]
    assert [row.kind for row in rows if isinstance(row, Labelled)] == [p.kind for p in payments]
