"""The benchmark of document reading: what is drawn, what a stopped run keeps, and what the table counts."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import documents
from benchmarks.documents_reading import CYCLE, kind_of, write_line
from kyc.evaluation.documents import Forgery


def row(index: int, **changes: Any) -> dict[str, Any]:
    forgery = kind_of(index)
    ways = ("alone", "holder", "impostor", "holder, strict", "impostor, strict")
    presented = {way: {"accepted": forgery is None and way != "alone", "fired": []} for way in ways}
    counts = {"captions": [3, 4, 8], "tagger": [6, 7, 8], "both": [7, 7, 8]}
    return {
        "index": index, "kind": "TD3", "capture": "scan", "legible": True, "script": "latin", "exact": True,
        "fields": 8, "wrong": [], "accepted": forgery is None, "fired": [] if forgery is None else ["UNCONFIRMED"],
        "codes": [], "seconds": 1.0 + index / 100, "visual": counts,
        "forgery": None if forgery is None else forgery.value, "presented": presented, "ghost": index % 2 == 0,
        "selfie_seconds": 0.3, "peak_mb": 900 + index, **changes,
    }  # fmt: skip


def test_of_twenty_documents_one_is_of_each_forgery_and_eleven_are_valid() -> None:
    drawn = [kind_of(index) for index in range(CYCLE)]

    assert sorted(kind for kind in drawn if kind) == sorted(Forgery)
    assert drawn.count(None) == 11


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.jsonl"
    for index in (0, 1, 5):
        write_line(path, row(index))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"index": 2, "cut o')
    asked = []

    class Pool:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None: ...
        def submit(self, _: object, index: int) -> Any:
            from concurrent.futures import Future

            asked.append(index)
            future: Future[dict[str, Any]] = Future()
            future.set_result(row(index))
            return future

    monkeypatch.setattr(documents, "ProcessPoolExecutor", Pool)
    documents.run(path, 8, 1)

    assert sorted(asked) == [2, 3, 4, 6, 7]
    assert sorted(each["index"] for each in documents.read_lines(path)) == list(range(8))


def test_the_table_counts_with_bounds() -> None:
    rows = [row(index) for index in range(40)]
    rows[0] |= {"accepted": False, "fired": ["UNCONFIRMED"]}
    rows[2] |= {"wrong": ["surname"]}
    rows[1] |= {"accepted": True}
    rows.append({"index": 40, "fault": "ValueError: no"})

    text = documents.report(rows)

    assert "41 documents: 22 valid (22 legible), 18 forged" in text
    assert "accepted without a person, valid and legible 21/22 = 95.5% [77.2, 99.9]" in " ".join(text.split())
    assert "of accepted ones fully right 20/21" in " ".join(text.split())
    assert f"{kind_of(1)} 1/2" in " ".join(text.split())
    assert "UNCONFIRMED 1" in " ".join(text.split())
    assert "without a selfie 0/22" in " ".join(text.split())
    assert "swapped_portrait 0/2 = 0.0% [0.0, 84.2] no selfie 0/2" in " ".join(text.split())
    assert "Peak memory of a process 939 MB" in text
    assert "FAULT 40: ValueError: no" in text


def test_bounds_are_those_of_clopper_and_pearson() -> None:
    assert documents.bounds(0, 262) == "0/262 = 0.0% [0.0, 1.4]"
    assert documents.bounds(1, 38) == "1/38 = 2.6% [0.1, 13.8]"
    assert documents.bounds(0, 0) == "0/0"
