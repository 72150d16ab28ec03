"""docs/typologies.md says of every typology what the code says."""

from pathlib import Path

from aml.state import ACCOUNT, EDGE, ENTRY, PAIR, PROFILE, WINDOW
from aml.typologies import TYPOLOGIES

TEXT = (Path(__file__).parents[3] / "docs" / "typologies.md").read_text()


def test_the_table_holds_every_typology_as_it_is_defined() -> None:
    rows = [line.split(" | ") for line in TEXT.splitlines() if line.startswith("| `")]
    assert [row[0].strip("| `") for row in rows] == [typology.name for typology in TYPOLOGIES]
    for row, typology in zip(rows, TYPOLOGIES, strict=True):
        assert row[1:3] == [typology.family, typology.definition]
        assert [part.strip("`") for part in row[3].split(", ") if part != "–"] == list(typology.parameters)
        needed = [*typology.needs, *(f"list `{name}`" for name in typology.lists)]
        assert [part for part in row[4].split(", ") if part != "–"] == needed
        assert row[5] == typology.sar_subtype
        assert row[6].removesuffix(" |") == typology.source


def test_the_memory_is_what_the_table_says() -> None:
    account = ACCOUNT.itemsize + PROFILE.itemsize + 2 * 4 * WINDOW.itemsize
    assert f"| a transaction in memory | {EDGE.itemsize + 2 * ENTRY.itemsize}, plus its id |" in TEXT
    assert f"| an account | {account}, plus its name |" in TEXT
    assert f"| a pair of accounts in memory | {PAIR.itemsize}, plus" in TEXT
