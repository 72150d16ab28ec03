"""An engine that was kept and taken up again goes on bit for bit, and a snapshot that does not fit is refused."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from aml.engine import Engine
from aml.snapshots import SnapshotUnusable, pack, unpack
from tests.unit.monitoring.test_engine import PARAMETERS, stream


@pytest.mark.parametrize("cut", [0, 1, 137, 1400, 2999])
def test_a_restored_engine_goes_on_bit_for_bit(cut: int) -> None:
    transactions = stream(11, 3000)
    whole = Engine(PARAMETERS).push(transactions)
    engine = Engine(PARAMETERS)
    before = engine.push(transactions[:cut])
    restored = Engine.restore(engine.snapshot(), PARAMETERS)
    after = restored.push(transactions[cut:])
    assert np.concatenate([before.features, after.features]).tobytes() == whole.features.tobytes()
    assert before.hits + after.hits == whole.hits
    assert tuple(cut + i for i in after.duplicates) == tuple(i for i in whole.duplicates if i >= cut)
    assert tuple(cut + i for i in after.too_late) == tuple(i for i in whole.too_late if i >= cut)


def test_a_snapshot_of_a_restored_engine_is_the_same_snapshot() -> None:
    engine = Engine(PARAMETERS)
    engine.push(stream(3, 1500))
    snapshot = engine.snapshot()
    restored = Engine.restore(snapshot, PARAMETERS)
    assert restored.snapshot() == snapshot
    assert restored.not_evaluated() == engine.not_evaluated()
    assert restored.known("t1499") == engine.known("t1499")


def test_the_snapshot_is_of_its_moment() -> None:
    engine = Engine(PARAMETERS)
    transactions = stream(4, 600)
    engine.push(transactions[:300])
    snapshot = engine.snapshot()
    expected = engine.push(transactions[300:])
    assert Engine.restore(snapshot, PARAMETERS).push(transactions[300:]).hits == expected.hits


def test_hits_do_not_depend_on_how_often_the_memory_grew() -> None:
    transactions = stream(12, 4000)
    whole = Engine(PARAMETERS).push(transactions)
    engine = Engine(PARAMETERS)
    hits = [hit for transaction in transactions for hit in engine.push([transaction]).hits]
    assert tuple(hits) == whole.hits


def test_other_parameters_cannot_take_up_a_snapshot() -> None:
    engine = Engine(PARAMETERS)
    engine.push(stream(5, 50))
    with pytest.raises(SnapshotUnusable, match="other parameters"):
        Engine.restore(engine.snapshot(), replace(PARAMETERS, lateness=timedelta(hours=1)))


def test_a_damaged_snapshot_is_refused() -> None:
    engine = Engine(PARAMETERS)
    engine.push(stream(6, 50))
    snapshot = bytearray(engine.snapshot())
    snapshot[len(snapshot) // 2] ^= 1
    with pytest.raises(SnapshotUnusable, match="damaged"):
        Engine.restore(bytes(snapshot), PARAMETERS)
    with pytest.raises(SnapshotUnusable, match="no snapshot"):
        Engine.restore(b"PK\x03\x04", PARAMETERS)


def test_texts_facts_and_arrays_come_back_and_kinds_are_told_apart() -> None:
    packed = pack("a", {"x": np.arange(3)}, {"t": ["", "é\nü", "z"], "none": []}, {"n": 1})
    contents = unpack(packed, "a")
    assert contents.arrays["x"].tolist() == [0, 1, 2]
    assert contents.texts == {"t": ["", "é\nü", "z"], "none": []}
    assert contents.facts == {"n": 1}
    with pytest.raises(SnapshotUnusable, match="of a a, not of a b"):
        unpack(packed, "b")
