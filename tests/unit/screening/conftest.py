"""Invented lists, written once in the authorities' formats and read back by the real parsers."""

from pathlib import Path

import pytest

from aml.screening import ScreeningIndex, WatchList, parse_ofac, parse_un
from aml.screening.specimens import write_ofac, write_un


@pytest.fixture(scope="session")
def ofac_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ofac")
    write_ofac(folder, seed=7, n=300)
    return folder


@pytest.fixture(scope="session")
def un_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("un") / "un.xml"
    write_un(path, seed=8, n=120)
    return path


@pytest.fixture(scope="session")
def lists(ofac_folder: Path, un_file: Path) -> list[WatchList]:
    return [parse_ofac(ofac_folder), parse_un(un_file)]


@pytest.fixture(scope="session")
def index(lists: list[WatchList], tmp_path_factory: pytest.TempPathFactory) -> ScreeningIndex:
    return ScreeningIndex.build(lists, tmp_path_factory.mktemp("index"))
