"""Words for what earlier transaction scores saw and the present one does not: their decisions are still explained."""

from collections.abc import Mapping

from explain.words import Words

_MONITORING = "FATF R.10(d); AMLR 2024/1624 Art. 26; 31 CFR 1020.320(a)(2)"
_STRUCTURING = "31 U.S.C. 5324; 31 CFR 1010.314; AMLR 2024/1624 Art. 80"
_MULES = "FATF, Professional Money Laundering (2018); AMLR 2024/1624 Art. 26"
_WINDOWS = {"1h": "one hour", "1d": "one day", "7d": "seven days", "30d": "30 days"}
_SIDES = {
    "debtor_out": ("the payer's account sent", "to"),
    "debtor_in": ("the payer's account received", "from"),
    "creditor_out": ("the payee's account sent", "to"),
    "creditor_in": ("the payee's account received", "from"),
}


def _words() -> dict[str, Words]:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    words = {
        "amount_log": Words("the amount", "the amount is {value}", _MONITORING, log=True),
        "hour": Words("the hour", "it was booked at {value} h UTC", _MONITORING, decimals=0),
        "weekday": Words(
            "the weekday",
            "weekday {value}",
            _MONITORING,
            {float(i): f"it was booked on a {day}" for i, day in enumerate(days)},
        ),
    }
    for side, (verb, way) in _SIDES.items():
        for window, span in _WINDOWS.items():
            within = f"within {span}"
            words[f"{side}_sum_log_{window}"] = Words(
                f"what {verb} {within}", f"{verb} {{value}} in all {within}", _MONITORING, decimals=0, log=True
            )
            words[f"{side}_distinct_{window}"] = _counted(f"{verb} payments {way} {{value}} accounts {within}", _MULES)
            words[f"{side}_below_count_{window}"] = _counted(
                f"{verb} {{value}} payments just below the reporting threshold {within}", _STRUCTURING
            )
    return words


def _counted(text: str, citation: str) -> Words:
    return Words(text.format(value="a number of"), text, citation, {0.0: text.format(value="no")}, decimals=0)


RETIRED: Mapping[str, Words] = _words()
