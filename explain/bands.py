"""Scores cut into named bands, with the cuts written down as a finding: the outcome replays without the policy."""

from bisect import bisect_right
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


class Bands:
    """The same bands for many scores."""

    def __init__(self, cuts: Mapping[str, float], citation: str) -> None:
        self.citation = citation
        self._cuts = cuts
        self._names = sorted(cuts, key=lambda name: (cuts[name], name))
        self._limits = [cuts[name] for name in self._names]

    def name(self, score: float) -> str:
        """As `band`. Scores are numbers: NaN has no band."""
        return self._names[max(bisect_right(self._limits, score) - 1, 0)]

    def finding(self, score: float) -> Finding:
        """As `band_finding`."""
        return band_finding(score, self._cuts, self.citation)
