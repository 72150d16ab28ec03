"""The documentation names only files, tests and settings that exist; every setting and service is documented."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from clearance.keyring import KeyName
from clearance.services import SERVICES
from clearance.settings import Settings
from store.migrate import ROLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
OPERATIONS = ROOT / "docs" / "operations.md"

_FOLDERS = (
    "activities|aml|api|benchmarks|clearance|deploy|docs|explain|jurisdictions|kyc|models|requirements|store|tests|vault|"
    "workflows"
)
_NAMED = re.compile(rf"`((?:{_FOLDERS})/[\w./-]+?)/?(?:::(\w+))?`")
_LINK = re.compile(r"\]\(([^)#:]+?)(?:#[\w-]+)?\)")


def missing(text: str, folder: Path) -> list[str]:
    """What a page in `folder` names and the repository does not have: paths from its root, tests in them, links."""
    found = []
    for path, test in _NAMED.findall(text):
        target = ROOT / path
        if not target.exists():
            found.append(path)
        elif test and test not in functions_of(target):
            found.append(f"{path}::{test}")
    return found + [link for link in _LINK.findall(text) if not (folder / link).exists()]


def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_the_docs_name_exists(page: Path) -> None:
    assert missing(page.read_text(), page.parent) == []


def test_a_name_that_is_not_there_is_noticed() -> None:
    page = "`tests/architecture/test_docs.py::test_gone`, `store/gone.py`, [gone](gone.md), `docs/ledger.md`"
    assert missing(page, ROOT / "docs") == ["tests/architecture/test_docs.py::test_gone", "store/gone.py", "gone.md"]


def test_the_architecture_page_names_tests_for_every_rule() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for rule in range(1, 12):
        section = re.search(rf"^### {rule}\. .*?(?=^##)", page, re.M | re.S)
        assert section is not None, f"rule {rule} has no section"
        assert any(test for _, test in _NAMED.findall(section[0])), f"rule {rule} names no test"


def test_every_setting_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `CLEARANCE_(\w+)` \|", OPERATIONS.read_text(), re.M))
    assert documented == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    "names", [tuple(SERVICES), ROLES, tuple(key.value for key in KeyName)], ids=["services", "roles", "keys"]
)
def test_operations_names_every_one(names: tuple[str, ...]) -> None:
    page = OPERATIONS.read_text()
    assert [name for name in names if f"`{name}`" not in page] == []


@pytest.mark.parametrize("service", SERVICES)
def test_operations_gives_each_service_the_keys_of_the_compose_file(service: str) -> None:
    mounted = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][service]["secrets"]
    targets = [secret["target"] for secret in mounted if isinstance(secret, dict)]
    row = re.search(rf"^\| `{service}` \|[^|]+\|([^|]+)\|([^|]+)\|", OPERATIONS.read_text(), re.M)
    assert row is not None
    assert set(re.findall(r"`([\w-]+)`", row[2])) == {Path(target).name for target in targets}
    password = next(secret for secret in mounted if isinstance(secret, str) and secret.startswith("role-"))
    assert f"`clearance_{password.removeprefix('role-')}`" in row[1]
