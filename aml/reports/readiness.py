"""How ready a report is: what is missing, in the officer's words, and a share that says how far there is to go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aml.reports.findings import BLOCKS, NOT_WELL_FORMED, SCHEMA_NOT_INSTALLED, SCHEMA_VIOLATED, WARNS
from explain.record import Finding

_WEIGHTS: Mapping[str, int] = {NOT_WELL_FORMED: 100, SCHEMA_NOT_INSTALLED: 100}
"""Findings after which nothing else can be known weigh everything."""
_PROBLEM, _REPEATED, _WARNING = 12, 2, 3


@dataclass(frozen=True, slots=True)
class Readiness:
    """`score` goes from 0 to 100; 100 means that nothing stands against the report, not even a warning."""

    score: int
    may_be_submitted: bool
    missing: tuple[str, ...]
    """What an officer has to do, most important first."""
    warnings: tuple[str, ...]


def readiness(findings: Iterable[Finding]) -> Readiness:
    """Judge a report by its findings.

    A schema's own message is shown only where no rule explains it: the same gap is not named twice. Each kind of
    problem costs 12 points the first time and 2 again, a warning 3: one gap in fifty transactions is not fifty gaps.
    """
    found = tuple(findings)
    blocking = [finding for finding in found if finding.effect == BLOCKS]
    explained = [finding for finding in blocking if finding.rule != SCHEMA_VIOLATED]
    shown = explained or blocking
    cost, seen = 0, set[str]()
    for finding in shown:
        weight = _WEIGHTS.get(finding.rule, _PROBLEM)
        cost += _REPEATED if finding.rule in seen else weight
        seen.add(finding.rule)
    warnings = tuple(dict.fromkeys(finding.text for finding in found if finding.effect == WARNS))
    return Readiness(
        score=max(0, min(99 if blocking else 100, 100 - cost - _WARNING * len(warnings))),
        may_be_submitted=not blocking,
        missing=tuple(dict.fromkeys(finding.text for finding in shown)),
        warnings=warnings,
    )
