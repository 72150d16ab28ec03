"""Names as they reach a screening: other scripts, other spellings, other word breaks, tricks."""

from pathlib import Path

import pytest

from aml.screening import Entity, ScreeningIndex, WatchList, person, query_of, screen
from aml.screening.alignment import align, token_similarity
from aml.screening.records import name_tokens

LISTED = (
    ("Person", "Muhammad Abdul-Rahman al-Shamrawi"),
    ("Person", "Aleksandr Barkushkin"),
    ("Person", "Giorgos Papadimas"),
    ("Person", "Wang Xiaobolin"),
    ("Person", "Moshe Rabinkov"),
    ("Person", "Salah al-Din Karzadani"),
    ("Person", "Reinaldo Montezarano Villaquera"),
    ("Organization", "Zarkovan Petroleum Trading Company LLC"),
    ("Organization", "Banco Metropolero Nacional de Quirima, S.A."),
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> ScreeningIndex:
    entities = tuple(
        Entity(id=f"x-{i}", schema=schema, caption=name, datasets=["own"], properties={"name": [name]})
        for i, (schema, name) in enumerate(LISTED)
    )
    return ScreeningIndex.build([WatchList("own", "1", None, "0" * 64, entities)], tmp_path_factory.mktemp("small"))


def best(index: ScreeningIndex, name: str, schema: str = "Person") -> str | None:
    hits = screen(query_of({"schema": schema, "name": name}), index=index, threshold=0.5).hits
    return hits[0].caption if hits else None


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("محمد عبد الرحمن الشمراوي", "Muhammad Abdul-Rahman al-Shamrawi"),
        ("محمد عبدالرحمن الشمراوي", "Muhammad Abdul-Rahman al-Shamrawi"),
        ("Mohamed Abdurrahman Shamrawi", "Muhammad Abdul-Rahman al-Shamrawi"),
        ("Mhmd Abdelrahman El Shamraoui", "Muhammad Abdul-Rahman al-Shamrawi"),
        ("صلاح الدين كرزداني", "Salah al-Din Karzadani"),
        ("Salahuddin Karzadani", "Salah al-Din Karzadani"),
        ("Александр Баркушкин", "Aleksandr Barkushkin"),
        ("Alexander Barkushkin", "Aleksandr Barkushkin"),
        ("Barkushkin A.", "Aleksandr Barkushkin"),
        ("Aleksаndr Bаrkushkin", "Aleksandr Barkushkin"),
        ("Aleks\u200bandr Barku\u200bshkin", "Aleksandr Barkushkin"),
        ("4leksandr B4rkushk1n", "Aleksandr Barkushkin"),
        ("Aleksandr Barkshkn", "Aleksandr Barkushkin"),
        ("Γιώργος Παπαδήμας", "Giorgos Papadimas"),
        ("王小波林", "Wang Xiaobolin"),
        ("משה רבינקוב", "Moshe Rabinkov"),
        ("Montezarano Villaquera, Reinaldo", "Reinaldo Montezarano Villaquera"),
        ("Reinaldo Monte Zarano Villaquera", "Reinaldo Montezarano Villaquera"),
        ("Reinaldo Montezarano", "Reinaldo Montezarano Villaquera"),
    ],
)
def test_the_same_person_written_otherwise_is_found(small: ScreeningIndex, asked: str, listed: str) -> None:
    assert best(small, asked) == listed


@pytest.mark.parametrize(
    "asked",
    ["Muhammad Abdul-Rahman", "Aleksandr Ivanov", "Maria Barkovskaya", "Reinaldo Gomez Villanueva", "王伟", "محمد علي"],
)
def test_somebody_else_is_not(small: ScreeningIndex, asked: str) -> None:
    assert best(small, asked) is None


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("OOO Zarkovan Petroleum Trdg", LISTED[7][1]),
        ("Zarkovan Petroleum Trading Limited Liability Company", LISTED[7][1]),
        ("Bank Metropolero Nacional Quirima SA", LISTED[8][1]),
    ],
)
def test_legal_forms_and_abbreviations_agree(small: ScreeningIndex, asked: str, listed: str) -> None:
    assert best(small, asked, "Company") == listed


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("ZARKOVAN SHIPPING COMPANYLIMITED", "Zarkovan Shipping Company Limited"),
        ("ZARKOVAN TRADING CORPO RATION", "Zarkovan Trading Corporation"),
        ("ZARKOVAN SHIPPING COMPANY LIMI", "Zarkovan Shipping Company Limited"),
        ("ZARKOVAN S.A .S.", "Zarkovan S.A.S."),
        ("Z. R. K. IMPORT", "ZRK Import"),
    ],
)
def test_usual_words_that_were_joined_parted_or_cut_are_known(asked: str, same: str) -> None:
    assert name_tokens(asked, "organisation") == name_tokens(same, "organisation")


def test_a_word_without_its_vowels_is_the_word() -> None:
    assert (
        token_similarity("grcs", "gracious") >= 0.9 > token_similarity("str", "star") > token_similarity("yy", "yeyou")
    )
    assert token_similarity("str", "storm") < token_similarity("str", "star")


def test_an_article_is_no_misspelt_name() -> None:
    weights = (5.0, 5.0), (0.35, 5.0)
    told = align(("ali", "barkushkin"), weights[0], ("al", "barkushkin"), weights[1])
    assert [pair[:2] for pair in told.pairs] == [("barkushkin", "barkushkin")]


def test_misspelt_is_the_share_of_letters_whatever_the_order() -> None:
    alone = (5.0, 5.0)
    assert align(("karim", "barkan"), alone, ("barkan", "karim"), alone).misspelt == 0.0
    assert align(("karim", "barkan"), alone, ("barkon", "karim"), alone).misspelt == pytest.approx(1 / 11)


def test_a_scan_compares_every_script(small: ScreeningIndex) -> None:
    found = small.scan(name_tokens("Рабинков Моше", "person"), "person", 3)
    assert small.record(found[0][0]).names[0].text == "Moshe Rabinkov"
    assert all(small.record(number).kind == "person" for number, _ in found)


def test_compounds_are_one_word_however_they_are_parted() -> None:
    forms = {name_tokens(name, "person") for name in ("Abd al-Rahman", "Abdul Rahman", "Abdurrahman", "Abdelrahman")}
    assert len(forms) == 1


@pytest.mark.parametrize(("first", "second"), [("muhammad", "mohamed"), ("yusuf", "youssef"), ("محمد", "mohammed")])
def test_similarity_is_symmetric_and_high_for_spellings(first: str, second: str) -> None:
    assert token_similarity(first, second) == token_similarity(second, first) >= 0.75


def test_a_candidate_list_that_comes_back_empty_is_replaced_by_a_scan(small: ScreeningIndex) -> None:
    assert small.candidates(("qqwwxx",), "person", 50) == []
    result = screen(person("Mshh Rvnkv"), index=small, threshold=0.0)
    assert result.hits


def test_index_of_nothing_found_is_named(tmp_path: Path) -> None:
    from aml.screening import IndexMissing

    with pytest.raises(IndexMissing, match="build one"):
        ScreeningIndex.open(tmp_path)
