"""Counts beside the peer: ours against a plain count from the definitions, on a society small enough for both."""

import numpy as np
import pytest

from benchmarks import typologies_counts as counts


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 accounts that pay five times a day: most have been in a cycle after two days, and pairs pay again."""
    monkeypatch.setitem(counts.GRAPHS, "small", (3_000, 300, 2.0, 0, 3_000))
    monkeypatch.setitem(counts.GRAPHS, "small later", (3_000, 300, 2.0, 2_000, 1_000))


def test_cycles_are_those_of_a_plain_count_in_every_length() -> None:
    found, gathered = counts.ours("small")
    mine, theirs = counts.cycles_by_definition("small")
    assert np.array_equal(found, mine)
    assert found.sum(0).min() > 10, "every length is there"
    assert (mine != theirs).any(), "payments that repeat or fall together are counted otherwise by the peer"
    assert (mine >= theirs).all()
    _, _, in_order, in_reach = counts.gathers_by_definition("small")
    assert np.array_equal(gathered, in_reach)
    assert 0 < in_reach.sum() < in_order.sum()


def test_payments_that_are_only_entered_count_as_if_they_had_been_counted() -> None:
    whole, later = counts.ours("small"), counts.ours("small later")
    assert all(np.array_equal(one[2_000:], other) for one, other in zip(whole, later, strict=True))
    for count in (counts.cycles_by_definition, counts.gathers_by_definition):
        whole, later = count("small"), count("small later")
        assert all(np.array_equal(one[2_000:], other) for one, other in zip(whole, later, strict=True))


def test_a_budget_counts_no_more_than_there_is() -> None:
    found, _ = counts.ours("small")
    bounded, _ = counts.ours("small", 20)
    assert bounded.shape == (3_000, 1)
    assert (bounded[:, 0] <= found.sum(1)).all()
    assert 0 < bounded.sum() < found.sum()


def test_plain_counts_of_graphs_drawn_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ring of three where one link is paid twice: two cycles of ours, one of the peer's. Then one source paying two
    accounts that pay one destination: a scatter-gather once the fourth payment is there, whatever came first."""
    ring = [(1, 1, 2), (2, 1, 2), (3, 2, 3), (4, 3, 1)]
    scatter = [(5, 11, 14), (6, 12, 14), (7, 10, 11), (8, 10, 12)]
    times, debtors, creditors = (np.array(column) for column in zip(*ring, *scatter, strict=True))
    monkeypatch.setitem(counts.GRAPHS, "", (8, 15, 1.0, 0, 8))
    monkeypatch.setattr(counts, "graph", lambda name: (times, debtors, creditors))
    mine, theirs = counts.cycles_by_definition("")
    assert (mine[3, 1], theirs[3, 1], mine.sum(), theirs.sum()) == (2, 1, 2, 1)
    peers, gathered, in_order, _ = counts.gathers_by_definition("")
    assert peers.sum(1).tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert (gathered.sum(), in_order.sum()) == (0, 0), "it is closed by the source, and the accounts had paid before"


def test_agreement_is_counted_by_payment() -> None:
    first, second = np.array([[0, 0], [1, 0], [2, 3]]), np.array([[0, 0], [1, 0], [2, 4]])
    assert counts.agreement(first, second) == {
        "equal": round(2 / 3, 6),
        "payments_with_any": 2,
        "equal_of_these": 0.5,
        "sums": [[3, 3], [3, 4]],
    }


def test_without_the_peer_it_says_what_is_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["typologies_counts"])
    with pytest.raises(SystemExit):
        counts.main()
    assert "--peer is needed" in capsys.readouterr().err
