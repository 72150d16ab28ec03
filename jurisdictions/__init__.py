"""The regimes: which rules a tenant is under, by jurisdiction and date; each number cited, one file a regime."""

from datetime import date

from jurisdictions import eu, us
from jurisdictions.regime import Amount, Cited, FilingClocks, FourEyes, Regime, Term, Unit, years_after

__all__ = [
    "CODES",
    "Amount",
    "Cited",
    "FilingClocks",
    "FourEyes",
    "Regime",
    "RegimeUnknown",
    "Term",
    "Unit",
    "regime",
    "versions",
    "years_after",
]

_VERSIONS: dict[str, tuple[Regime, ...]] = {"US": us.VERSIONS, "EU": eu.VERSIONS}

CODES = tuple(_VERSIONS)


class RegimeUnknown(LookupError):
    """No rules are known for this code on this day: choose one of `CODES` and a day on which a version holds."""


def versions() -> tuple[Regime, ...]:
    """Every version of every regime."""
    return tuple(version for code in CODES for version in _VERSIONS[code])


def regime(code: str, on: date) -> Regime:
    """The version of a regime (`US`, `EU`) that holds on a day. Raises `RegimeUnknown`."""
    for version in _VERSIONS.get(code, ()):
        if version.effective_from <= on and (version.effective_to is None or on <= version.effective_to):
            return version
    raise RegimeUnknown(f"no rules are known for {code!r} on {on}; known are {', '.join(CODES)}")
