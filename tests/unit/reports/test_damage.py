"""Every way to break a valid report is refused with the finding that names it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import jurisdictions
from aml.reports import ctr, damage, fincen, goaml
from aml.reports.ctr import build_ctr
from aml.reports.findings import BLOCKS, parse
from aml.reports.goaml_profile import load_profile
from aml.reports.specimens import specimen_case, specimen_ctr
from explain.record import Finding
from jurisdictions.reporting import ctr_terms
from tests.unit.jurisdictions.test_regimes import DAYS

CASES = 12
TERMS = ctr_terms(jurisdictions.regime("US", DAYS["US"]))
AE = load_profile("ae")


def sar(seed: int) -> bytes:
    return fincen.build_sar(specimen_case(seed))


def cash(seed: int) -> bytes:
    return build_ctr(specimen_ctr(seed))


def stranger(seed: int) -> bytes:
    return goaml.build_goaml(specimen_case(seed, currency="AED", complete=True), AE)


FORMS: tuple[
    tuple[str, tuple[damage.Damage, ...], Callable[[int], bytes], Callable[[bytes, Path], tuple[Finding, ...]]], ...
] = (
    ("SAR", damage.SAR, sar, fincen.validate),
    ("CTR", damage.CTR, cash, lambda xml, schemas: ctr.validate(xml, schemas, TERMS)),
    ("goAML", damage.GOAML, stranger, lambda xml, schemas: goaml.validate(xml, schemas, AE)),
)
EVERY = [
    pytest.param(each, build, validate, id=f"{name}: {each.name}")
    for name, damages, build, validate in FORMS
    for each in damages
]


@pytest.mark.parametrize(("each", "build", "validate"), EVERY)
def test_what_is_broken_is_refused_with_the_finding_that_names_it(
    each: damage.Damage,
    build: Callable[[int], bytes],
    validate: Callable[[bytes, Path], tuple[Finding, ...]],
    schemas: Path,
) -> None:
    met: Counter[bool] = Counter()
    for seed in range(CASES):
        xml = damage.broken(parse(build(seed)), each)
        if xml is not None:
            found = {finding.rule for finding in validate(xml, schemas) if finding.effect == BLOCKS}
            met[each.rule in found] += 1
            assert each.rule in found, (seed, found)
    assert met[True] > 0  # it applied to at least one


@pytest.mark.parametrize(("name", "build", "validate"), [(name, b, v) for name, _, b, v in FORMS])
def test_what_is_not_broken_is_not_refused(
    name: str,
    build: Callable[[int], bytes],
    validate: Callable[[bytes, Path], tuple[Finding, ...]],
    schemas: Path,
) -> None:
    for seed in range(CASES):
        assert [f for f in validate(build(seed), schemas) if f.effect == BLOCKS] == [], seed
