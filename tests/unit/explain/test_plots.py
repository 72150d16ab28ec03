"""Plots are well-formed SVG of the stored numbers."""

from xml.etree import ElementTree as ET

from explain.plots import force_svg, waterfall_svg
from explain.record import Decision

Case = tuple[Decision, bytes]


def test_plots_are_svg_and_reproducible(case: Case) -> None:
    explanation = case[0].explanation
    for draw in (waterfall_svg, force_svg):
        picture = draw(explanation)
        assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
        assert draw(explanation) == picture


def test_the_picture_changes_with_the_numbers(tree_case: Case, rules_case: Case) -> None:
    for draw in (waterfall_svg, force_svg):
        assert draw(tree_case[0].explanation) != draw(rules_case[0].explanation)
