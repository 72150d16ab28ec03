"""What one FIU wants of a goAML report: its codes, currency and limits, read from data, so that an FIU is a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROFILES = Path(__file__).with_name("profiles")


class ProfileUnknown(LookupError):
    """No FIU of this code has a profile: add one beside the others in `aml/reports/profiles`."""


@dataclass(frozen=True, slots=True)
class FiuProfile:
    """The lookup values of one FIU's schema, by our words for them."""

    code: str
    name: str
    schema: str
    """The file of its XSD in the folder of schemas."""
    schema_source: str
    currency: str
    submission_code: str
    report_codes: Mapping[str, str]
    """`transactions`: the code of a report of transactions (STR); `activity`: of one without (SAR)."""
    unknown: str
    """The lookup value for "not known"."""
    filler: str
    """What stands in fields that the FIU's schema demands and does not use."""
    funds: Mapping[str, str]
    conduction: Mapping[str, str]
    identifiers: Mapping[str, str]
    account_status: Mapping[str, str]
    account_role: str
    director_role: str
    indicators: Mapping[str, tuple[str, ...]]
    """Reasons for suspicion by typology."""
    limits: Mapping[str, int]
    limits_source: str


def load_profile(code: str) -> FiuProfile:
    """The profile of an FIU that this package knows. Raises `ProfileUnknown`."""
    raw = _merged(code)
    raw["indicators"] = {typology: tuple(codes) for typology, codes in raw["indicators"].items()}
    return FiuProfile(**raw)


def _merged(code: str) -> dict[str, Any]:
    path = PROFILES / f"{code}.json"
    if not code.isalnum() or not path.is_file():
        known = ", ".join(sorted(each.stem for each in PROFILES.glob("*.json")))
        raise ProfileUnknown(f"there is no goAML profile {code!r}; there are {known}")
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    base = raw.pop("extends", None)
    return {**_merged(base), **raw} if base else raw
