"""Names in their own script against Latin spellings: every romanisation in use agrees, another name does not."""

import pytest

from aml.screening.keys import keys
from aml.screening.native import likeness, near, script_of, spellings
from aml.screening.records import name_tokens


@pytest.mark.parametrize(
    ("own", "latin"),
    [
        ("محمد", "muhammad"),
        ("محمد", "mohamed"),
        ("عثمان", "osman"),
        ("عثمان", "uthman"),
        ("خالد", "khaled"),
        ("يوسف", "youssef"),
        ("طه", "taha"),
        ("щербаков", "shcherbakov"),
        ("щербаков", "chtcherbakov"),
        ("хрущев", "khrushchev"),
        ("евгений", "yevgeniy"),
        ("євген", "yevhen"),
        ("георгиев", "georgiev"),
        ("петровић", "petrovic"),
        ("παπαδημασ", "papadimas"),
        ("μπακογιαννησ", "bakoyannis"),
        ("דבורה", "devora"),
        ("יצחק", "yitzhak"),
        ("近平", "jinping"),
        ("近平", "chinping"),
        ("정은", "jongun"),
    ],
)
def test_every_romanisation_in_use_agrees(own: str, latin: str) -> None:
    assert likeness(own, latin) >= 0.85
    assert keys((own,)) & keys((latin,))


@pytest.mark.parametrize(
    ("own", "latin"),
    [
        ("محمد", "hamid"),
        ("حسن", "samir"),
        ("петрович", "ivanovich"),
        ("παπαδημασ", "pavlidis"),
        ("近平", "jianguo"),
        ("משה", "shlomo"),
    ],
)
def test_another_name_does_not(own: str, latin: str) -> None:
    assert likeness(own, latin) < 0.75


def test_long_vowels_tell_names_apart_where_short_ones_cannot() -> None:
    assert likeness("حسن", "hasan") > likeness("حسن", "husayn")
    assert likeness("محمود", "mahmud") > likeness("محمود", "muhammad")


def test_final_forms_points_and_doubled_letters_are_one() -> None:
    assert name_tokens("מָרִים כֹּהֵן", "person") == name_tokens("מרים כהן", "person")
    assert name_tokens("مُحَمَّد کریم", "person") == name_tokens("محمد كريم", "person")


@pytest.mark.parametrize("name", ["عبد الرحمن", "عبدالرحمن", "عبد ال رحمن"])
def test_arabic_compounds_are_one_word_in_their_own_letters(name: str) -> None:
    assert name_tokens(name, "person") == ("عبدرحمن",)
    assert likeness("عبدرحمن", name_tokens("Abdul Rahman", "person")[0]) >= 0.85


def test_chinese_and_korean_names_are_surname_and_given_name() -> None:
    assert name_tokens("欧阳娜娜", "person") == ("欧阳", "娜娜")
    assert name_tokens("김정은", "person") == ("김", "정은")


def test_a_script_is_told_by_its_letters() -> None:
    assert [script_of(word) for word in ("abc", "абв", "αβγ", "אבג", "ابج", "中文", "한글", "aб")] == [
        "latin", "cyrillic", "greek", "hebrew", "arabic", "han", "hangul", "mixed",
    ]  # fmt: skip


def test_the_likeliest_spelling_comes_first() -> None:
    assert spellings("иванов")[0] == "ivanov"
    assert len(set(spellings("щукин"))) == len(spellings("щукин"))


def test_a_geresh_makes_another_letter_and_never_parts_a_word() -> None:
    assert name_tokens("ג'ורג' צ׳רלס", "person") == name_tokens("ג׳ורג׳ צ’רלס", "person") == ("ג׳ורג׳", "צ׳רלס")
    assert likeness("ג׳ורג׳", "jurj") > likeness("גורג", "jurj")


def test_arabic_compounds_in_hebrew_letters_are_one_word() -> None:
    (servant,) = name_tokens("עבד אל-האדי", "person")
    assert likeness(servant, name_tokens("Abdul Hadi", "person")[0]) >= 0.85
    (faith,) = name_tokens("סלאח אל-דין", "person")
    assert likeness(faith, name_tokens("Salah al-Din", "person")[0]) >= 0.85


def test_a_doubled_letter_of_an_abjad_is_one_or_two() -> None:
    assert likeness("ممدوح", "mamduh") >= 0.96
    assert likeness("محممد", "muhammad") >= 0.9


def test_a_final_long_vowel_is_always_heard() -> None:
    assert likeness("كريمي", "karimi") >= 0.96 > 0.85 > likeness("كريمي", "karim")
    assert likeness("علي", "ali") >= 0.96 > 0.85 > likeness("علي", "al")


def test_near_never_refuses_a_good_spelling() -> None:
    pairs = (("عبدرحمن", "abdurahman"), ("щербаков", "shcherbakov"), ("משה", "moshe"), ("近平", "jinping"))
    assert all(near(own, latin) for own, latin in pairs)
    assert not near("щербаков", "ivanov")
