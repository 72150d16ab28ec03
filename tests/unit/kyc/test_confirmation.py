"""What the print repeats of the zone: wherever it stands, however it is written, and never by chance or by itself."""

from dataclasses import replace
from datetime import date

import pytest

from explain.rules import explain_rules
from kyc.acceptance import acceptance_facts, acceptance_table
from kyc.checks import code_of, cross_check
from kyc.confirmation import stands_in, unconfirmed
from kyc.document import DocumentReading, DocumentType, FieldReading, MrzReading, TextLine

AS_OF = date(2026, 11, 22)
PRINT = (
    "PASSPORT UTO", "Surname / Nom", "MÜLLER", "Prénoms", "Anna-Lena", "Passport No.", "C01X00T47",
    "Date of birth / Date de naissance", "12 AUG/AOÛT 64", "Date of expiry", "27.02.2031", "M",
)  # fmt: skip
ZONE = {
    "surname": "MUELLER", "given_names": "ANNA LENA", "number": "C01X00T47", "birth_date": "1964-08-12",
    "expiry_date": "2031-02-27", "sex": "F",
}  # fmt: skip


def lines(*texts: str) -> tuple[TextLine, ...]:
    return tuple(
        TextLine(text, 0.99, ((0.0, 40.0 * at), (300.0, 40.0 * at), (300.0, 40.0 * at + 20), (0.0, 40.0 * at + 20)))
        for at, text in enumerate(texts)
    )


def reading(texts: tuple[str, ...] = PRINT, *, codes: tuple[str, ...] = (), agree: bool = True) -> DocumentReading:
    mrz = MrzReading(DocumentType.TD3, ("P<UTO", "C01"), ("P<UTO", "C01"), True, {"composite": True}, (), 0.97, None,
                     readers_agree=agree)  # fmt: skip
    return DocumentReading(
        type=DocumentType.TD3,
        country="UTO",
        mrz=mrz,
        fields={name: FieldReading(value, "mrz", 0.97) for name, value in ZONE.items()},
        visual={},
        barcode={},
        codes=codes,
        captures=(),
        text_lines=lines(*texts),
        portrait=None,
        faces=1,
        rotation=0,
        width=1000,
        height=700,
    )


def outcome(of: DocumentReading) -> str:
    return acceptance_table().outcome(acceptance_facts(of, cross_check([of], None, AS_OF)))


def test_a_print_that_says_the_same_in_its_own_way_confirms_every_field() -> None:
    assert unconfirmed(reading()) == ()
    assert outcome(reading()) == "accept"


@pytest.mark.parametrize(
    ("at", "altered", "field"),
    [
        (2, "MÖLLER", "surname"), (4, "Anna-Luise", "given_names"), (6, "C01X00T41", "number"),
        (8, "12 AUG/AOÛT 67", "birth_date"), (10, "27.02.2036", "expiry_date"),
    ],
)  # fmt: skip
def test_altered_print_is_referred_whatever_its_captions(at: int, altered: str, field: str) -> None:
    forged = reading((*PRINT[:at], altered, *PRINT[at + 1 :]))

    assert unconfirmed(forged) == (field,)
    assert outcome(forged) == "refer"
    explanation = explain_rules(acceptance_table(), acceptance_facts(forged, (), None))
    assert explanation.ranked()[0].feature == "unconfirmed_fields"


def test_what_readers_of_print_confuse_still_confirms() -> None:
    assert stands_in(lines("No CO1X0OT47"), "number", "C01X00T47")
    assert stands_in(lines("SurnameMUELLER"), "surname", "MUELLER")
    assert stands_in(lines("Jurgen Muller"), "surname", "MUELLER")
    assert stands_in(lines("porsteinsson"), "surname", "THORSTEINSSON")
    assert not stands_in(lines("Jurgen Miller"), "surname", "MUELLER")
    assert stands_in(lines("27022031"), "expiry_date", "2031-02-27")
    assert stands_in(lines("08/12/1964"), "birth_date", "1964-08-12")


def test_no_two_digits_are_taken_for_each_other() -> None:
    number = "C01X00T47"
    for at, sign in enumerate(number):
        if sign.isdigit():
            for other in "0123456789".replace(sign, ""):
                assert not stands_in(lines(number[:at] + other + number[at + 1 :]), "number", number)


def test_a_short_name_within_a_word_confirms_nothing() -> None:
    assert not stands_in(lines("LIEU DE NAISSANCE"), "surname", "LI")
    assert stands_in(lines("LI WEI"), "surname", "LI")


def test_the_zone_does_not_confirm_itself() -> None:
    zone = ("P<UTOMUELLER<<ANNA<LENA<<<<<<<<<<<<<<<<<<<<<", "C01X00T478UTO6408125F3102272ZE184226B1234514")
    assert set(unconfirmed(reading(zone))) == {"surname", "given_names", "number", "birth_date", "expiry_date"}


def test_an_advisory_check_never_decides_alone() -> None:
    assert outcome(reading(codes=("FONT_ANOMALY(surname)",))) == "accept"
    assert outcome(reading(codes=("FONT_ANOMALY(surname)", "FONT_ANOMALY(number)"))) == "accept"
    both = ("FONT_ANOMALY(surname)", "NOISE_ANOMALY(surname)")
    assert outcome(reading(codes=both)) == "accept"
    assert outcome(reading(codes=(*both, "EDITED_BY_SOFTWARE"))) == "refer"
    assert outcome(reading(codes=("PORTRAIT_SUBSTITUTED", "NOISE_ANOMALY(surname)"))) == "accept", "one grain, one sign"


@pytest.mark.parametrize(
    ("name", "source", "printed", "differs"),
    [
        ("sex", "layout", "M", False),
        ("sex", "caption+layout", "M", True),
        ("number", "caption+layout", "C01X00T97", True),
        ("number", "caption+layout", "COlXO0T47", False),
        ("number", "caption+layout", "19640812553", False),
        ("birth_date", "caption+layout", "2031-02-27", False),
        ("birth_date", "caption+layout", "1967-08-12", True),
        ("surname", "caption+layout", "ANNA-LENA", False),
        ("surname", "caption+layout", "MBLTEP/MÜLLER", False),
        ("surname", "caption+layout", "MBLTEP/MULLERSON", True),
        ("surname", "caption+layout", "MBLTEP MUELLER", True),
    ],
)
def test_another_field_under_a_wrong_name_is_no_contradiction(
    name: str, source: str, printed: str, differs: bool
) -> None:
    seen = replace(reading(), visual={name: FieldReading(printed, source, 0.97)})

    codes = [code_of(finding) for finding in cross_check([seen], None, AS_OF)]

    assert (f"MRZ_VIZ_MISMATCH({name})" in codes) == differs


@pytest.mark.parametrize(
    ("issued", "source", "confidence", "impossible"),
    [
        ("2032-01-01", "caption+layout", 0.95, True),
        ("2032-01-01", "layout", 0.95, False),
        ("2032-01-01", "caption+layout", 0.6, False),
        ("2031-02-27", "caption+layout", 0.95, False),
        ("1964-01-01", "barcode", 0.95, True),
    ],
)
def test_only_a_date_of_issue_that_was_surely_read_contradicts_the_others(
    issued: str, source: str, confidence: float, impossible: bool
) -> None:
    base = reading()
    dated = replace(base, fields={**base.fields, "issue_date": FieldReading(issued, source, confidence)})

    codes = [code_of(finding) for finding in cross_check([dated], None, AS_OF)]

    assert ("IMPOSSIBLE_DATE(issue_date)" in codes) == impossible


@pytest.mark.parametrize(
    ("name_line", "zone", "printed", "confirmed"),
    [
        ("KOESCU<LOINO<<LEDARIA<LI<KOTAO", "LEDARIA LI KOTAO", "Ledaria Li Kotaora", True),
        ("KOESCU<LOINO<TADARIN<<LEO<KOTA", "LEO KOTA", "Leo Kotaora", True),
        ("KOESCU<LOINO<TADARIN<<LEO<KOTA", "LEO KOTA", "Leon Kotaora", False),
        ("KOESCU<LOINO<TADARINDE<<LEO<KO", "LEO KO", "Leo Kotaora", True),
        ("KOESCU<LOINO<TADARINDELA<<LE<K", "LE K", "Le Kotaora", False),
        ("KOESCU<LOINO<<LEO<KO<<<<<<<<<<", "LEO KO", "Leo Kotaora", False),
    ],
)
def test_of_a_name_that_was_cut_the_print_has_more(name_line: str, zone: str, printed: str, confirmed: bool) -> None:
    base = reading((*PRINT[:4], printed, *PRINT[5:]))
    assert base.mrz is not None
    card = replace(
        base,
        type=DocumentType.TD1,
        mrz=replace(base.mrz, type=DocumentType.TD1, lines=("I<UTO", "64", name_line)),
        fields={**base.fields, "given_names": FieldReading(zone, "mrz", 0.97)},
    )

    assert (unconfirmed(card) == ()) == confirmed


@pytest.mark.parametrize(
    ("name_line", "zone", "printed", "differs"),
    [
        ("KOESCU<LOINO<<LEDARIA<KOTAORA<", "LEDARIA KOTAORA", "Ledaria Kotaora Lemia", False),
        ("KOESCU<LOINO<<LEDARIA<KOTAORAN", "LEDARIA KOTAORAN", "Ledaria Kotaoranda", False),
        ("KOESCU<LOINO<<LEDARIA<<<<<<<<<", "LEDARIA", "Ledaria Kotaora Lemia", True),
        ("KOESCU<LOINO<<LEDARIA<KOTAORA<", "LEDARIA KOTAORA", "Ledaria Olga Lemia", True),
    ],
)
def test_given_names_that_the_zone_has_no_room_for_are_no_contradiction(
    name_line: str, zone: str, printed: str, differs: bool
) -> None:
    base = reading((*PRINT[:4], printed, *PRINT[5:]))
    assert base.mrz is not None
    card = replace(
        base,
        type=DocumentType.TD1,
        mrz=replace(base.mrz, type=DocumentType.TD1, lines=("I<UTO", "64", name_line)),
        fields={**base.fields, "given_names": FieldReading(zone, "mrz", 0.97)},
        visual={"given_names": FieldReading(printed, "caption+layout", 0.99)},
    )

    rules = [code_of(finding) for finding in cross_check([card], None, AS_OF)]

    assert ("MRZ_VIZ_MISMATCH(given_names)" in rules) == differs


def test_an_unknown_state_or_number_is_referred() -> None:
    assert outcome(reading(codes=("UNKNOWN_STATE(issuer)",))) == "refer"
    assert outcome(reading(codes=("NUMBER_FORMAT(number)",))) == "refer"


def test_two_portraits_of_two_persons_are_referred() -> None:
    assert outcome(reading(codes=("PORTRAIT_GHOST_MISMATCH",))) == "refer"


def test_one_reader_is_enough_where_the_print_repeats_the_zone_and_not_where_it_does_not() -> None:
    assert outcome(reading(agree=False)) == "accept"
    silent = reading(PRINT[:5], agree=False)
    assert outcome(silent) == "refer"
    fired = {rule.name for rule in acceptance_table().fired(acceptance_facts(silent, ()))}
    assert {"READERS_DISAGREE", "UNCONFIRMED"} <= fired
