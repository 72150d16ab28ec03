"""What the engine writes in bulk is what the careful way writes, one at a time."""

import math
import random

import numpy as np
import pytest

from aml.scoring import AlertParameters, alert_facts, alert_table
from clearance.group import _BandTexts
from clearance.partition import score_operands
from explain.bands import Bands, band, band_finding
from store.records import findings_text

CUTS = {"low": 0.0, "elevated": 0.25, "high": 0.5}
SCORES = [
    0.0,
    1e-12,
    0.0004999,
    0.0005,
    0.25,
    math.nextafter(0.25, 0),
    0.5,
    0.9999,
    1.0,
    *np.linspace(0, 1, 200).tolist(),
]


@pytest.mark.parametrize("cuts", [CUTS, {"only": 0.2}, {"b": 0.5, "a": 0.5, "c": 0.1}])
def test_bands_of_many_scores_are_those_of_each(cuts: dict[str, float]) -> None:
    bands = Bands(cuts, "a norm")
    for score in [*SCORES, -1.0]:
        assert bands.name(score) == band(score, cuts)
        assert bands.finding(score) == band_finding(score, cuts, "a norm")


def test_the_findings_of_a_quiet_score_are_written_from_a_pattern() -> None:
    texts = _BandTexts(Bands(CUTS, 'score 0.500 is "a norm"'))
    for score in SCORES:
        assert texts.findings(texts.bands.name(score), score, ()) == findings_text(
            [band_finding(score, CUTS, 'score 0.500 is "a norm"')]
        )


def test_the_alert_table_is_asked_once_for_each_place_between_its_numbers() -> None:
    """What the partition remembers stands for every score in between: the table has no other way to look at one."""
    table = alert_table(AlertParameters())
    operands = score_operands(table)
    assert operands == sorted({0.25, 0.5})
    chance = random.Random(1)
    for low, high in zip([0.0, *operands], [*operands, 1.0], strict=True):
        for unknown in (frozenset(), frozenset({"UNKNOWN_ACCOUNT"})):
            between = [table.outcome(alert_facts(chance.uniform(low, high), (), unknown)) for _ in range(50)]
            assert len(set(between)) == 1
