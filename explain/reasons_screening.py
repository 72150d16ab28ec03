"""The words for what the screening score compares: names, and the particulars that speak for or against a listed party.

The names are those of `aml.screening.evidence`, which this table must not import; a test holds the two against each
other. Values from -1 (against) to 1 (for); name features that only speak against go from -1 to 0.
"""

from collections.abc import Mapping

from explain.words import Words

_SANCTIONS = "FATF R.6 and R.7; 31 CFR part 501; AMLR 2024/1624 Art. 20(1)(d)"


def _share(what: str, none: str) -> Words:
    """A feature that is minus a share of the names' weight; `none` says its zero."""
    return Words(what, f"{what} makes up {{value}} of the names", _SANCTIONS, {0.0: none}, percent=True)


def _particular(what: str) -> Words:
    return Words(
        what,
        f"{what} agrees to the degree {{value}} (-1 contradicts, 1 agrees)",
        _SANCTIONS,
        {-1.0: f"{what} contradicts", 0.0: f"{what} says nothing", 1.0: f"{what} agrees"},
    )


SCREENING: Mapping[str, Words] = {
    "name_agreement": Words(
        "the agreement of the names", "the words that agree weigh {value}, rare ones more than common ones", _SANCTIONS,
        decimals=1,
    ),
    "name_close": _share("near agreement", "no word agrees only nearly"),
    "name_fair": _share("fair likeness", "no word is only fairly alike"),
    "name_faint": _share("faint likeness", "no word is only faintly alike"),
    "name_contradiction": _share("contradiction between the names", "the names do not contradict each other"),
    "name_beyond_list": _share("what the list does not have", "the list has every word of the name asked for"),
    "name_beyond_query": _share("what the query does not have", "the name asked for has every word of the list's"),
    "name_misspelt": Words(
        "the letters in which the names differ", "{value} of the letters differ", _SANCTIONS,
        {0.0: "no letter differs"}, percent=True,
    ),
    "name_weak": Words(
        "the grade of the listed name", "grade {value}", _SANCTIONS,
        {-1.0: "the list calls the name weak", 0.0: "the list does not call the name weak"},
    ),
    "birth_date": _particular("the date of birth"),
    "country": _particular("the country"),
    "gender": _particular("the sex"),
    "identifier": _particular("the identifier"),
}  # fmt: skip
