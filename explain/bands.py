"""Scores cut into named bands, with the cuts written down as a finding: the outcome replays without the policy."""

from collections.abc import Mapping

from explain.record import Finding

BANDS = "bands"


def band(score: float, cuts: Mapping[str, float]) -> str:
    """The band with the highest cut that the score reaches; the lowest band where it reaches none."""
    ordered = sorted(cuts, key=lambda name: (cuts[name], name))
    return max((name for name in ordered if score >= cuts[name]), key=ordered.index, default=ordered[0])


def band_finding(score: float, cuts: Mapping[str, float], citation: str) -> Finding:
    """What a banded decision must carry: each band's lower cut, e.g. `{"low": 0.0, "medium": 0.2, "high": 0.5}`."""
    name = band(score, cuts)
    limits = ", ".join(f"{other} from {cuts[other]:g}" for other in sorted(cuts, key=lambda n: cuts[n]))
    return Finding(BANDS, name, f"score {score:.3f} is {name} ({limits})", citation, dict(cuts))
