"""The kernels' cache goes where it can be written, else nowhere, and a hub or a clique cannot hold up the stream."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from aml.engine import Engine
from aml.kernels import _code, cache_folder
from aml.memory import aligned
from aml.state import ACCOUNT, EDGE, ENTRY, PAIR, PROFILE, WINDOW
from aml.typologies import NAMES
from tests.unit.monitoring.streams import PARAMETERS, pay


def test_the_cache_takes_the_first_folder_that_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    chosen = cache_folder((blocked / "cache", tmp_path / "writable"))
    assert chosen is not None
    assert chosen.parent == tmp_path / "writable"
    assert chosen.name.startswith("kernels-")


def test_without_a_writable_folder_nothing_is_cached(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert cache_folder((blocked / "a", blocked / "b")) is None


def test_comments_and_docstrings_do_not_throw_the_cache_away_but_code_does() -> None:
    code = 'def f(x):\n    """Doc."""\n    return x + 1\n'
    assert _code(code) == _code("def f(x):\n    # why\n    return x + 1\n")
    assert _code(code) != _code(code.replace("+ 1", "+ 2"))


def test_memory_per_transaction_and_account_is_what_the_documentation_says() -> None:
    assert EDGE.itemsize == 64
    assert 2 * ENTRY.itemsize == 64
    assert ACCOUNT.itemsize + PROFILE.itemsize + 2 * 4 * WINDOW.itemsize == 128 + 256 + 320
    assert PAIR.itemsize == 32


def test_a_hub_does_not_hold_up_a_payment() -> None:
    engine = Engine(PARAMETERS)
    engine.push([pay(i, i / 20_000, f"payer{i}", "hub", "1000") for i in range(20_000)])
    waits = []
    for i in range(200):
        begun = perf_counter()
        engine.push([pay(f"x{i}", 1 + i / 20_000, "hub", f"payer{i}", "990")])
        waits.append(perf_counter() - begun)
    assert np.median(waits) < 0.01


def test_a_clique_does_not_hold_up_a_payment() -> None:
    dice = np.random.default_rng(1)
    pairs = [tuple(dice.choice(40, 2, replace=False)) for _ in range(6_200)]
    payments = [pay(i, i / 2000, f"a{d}", f"a{c}", str(1000 - i % 10)) for i, (d, c) in enumerate(pairs)]
    engine = Engine(PARAMETERS)
    engine.push(payments[:6000])
    waits = []
    for payment in payments[6000:]:
        begun = perf_counter()
        engine.push([payment])
        waits.append(perf_counter() - begun)
    assert np.median(waits) < 0.02


def test_each_typology_reports_under_its_own_name_only_when_it_is_switched_on() -> None:
    ring = [pay(i, i * 0.1, f"a{i}", f"a{(i + 1) % 4}", "2000") for i in range(4)]
    for name in NAMES:
        engine = Engine(replace(PARAMETERS, typologies=frozenset({name}), lateness=timedelta(days=2)))
        assert {hit.typology for hits in engine.push(ring).hits for hit in hits} <= {name}


@pytest.mark.parametrize(("length", "boundary"), [(3, 64), (1 << 15, 1 << 21), (100_000, 1 << 21)])
def test_arrays_begin_a_cache_line_and_large_ones_a_huge_page(length: int, boundary: int) -> None:
    array = aligned((length,), EDGE)

    assert len(array) == length
    assert array.ctypes.data % boundary == 0
    assert not array["amount"].any()
    array["amount"] = 7
    assert int(array["amount"].sum()) == 7 * length
