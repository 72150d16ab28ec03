"""How states that say so write the numbers of their ordinary passports: old and new shapes together, both are valid
at once. Far from complete, and states change them without a word: a number of another shape is a hint, never a verdict.

Sources: Council of the European Union, PRADO (public register of authentic documents), descriptions of each state's
passports; the issuers' own pages for AUS, GBR, IND and USA.
"""

import re

_SHAPES = """
AUS A9999999 AA9999999
AUT A9999999
BEL AA999999
BRA AA999999
CAN AA999999 A999999AA
CHN A99999999 AA9999999
CZE 99999999
D   GGGGGGGGG
DNK 999999999
ESP AA999999 AAA999999
FIN AA9999999
FRA 99AA99999
GBR 999999999
GRC AA9999999
HRV 999999999
HUN AA999999 AA9999999
IND A9999999
IRL XX9999999
ISL A9999999
ITA XX9999999
JPN AA9999999
KOR A99999999 A999A9999
MYS A99999999
NLD AAXXXXXX9
POL AA9999999
PRT A999999 AA999999
ROU 99999999 999999999
RUS 999999999
SGP A9999999A
SVN AA9999999
TUR A99999999
UKR AA999999
USA 999999999 A99999999
ZAF A99999999 999999999
"""
_SIGNS = {"9": "[0-9]", "A": "[A-Z]", "X": "[A-Z0-9]", "G": "[0-9CFGHJKLMNPRTVWXYZ]"}
"""Germany uses no vowels, and no letters that look like digits."""


def _pattern(shapes: list[str]) -> re.Pattern[str]:
    return re.compile("|".join("".join(_SIGNS[sign] for sign in shape) for shape in shapes))


PASSPORTS = {state: _pattern(shapes) for state, *shapes in map(str.split, _SHAPES.strip().splitlines())}
"""By the issuer's code in the zone."""


def unusual(issuer: str, number: str) -> bool:
    """Whether an ordinary passport's number has another shape than its issuer is known to use."""
    known = PASSPORTS.get(issuer)
    return known is not None and known.fullmatch(number) is None
