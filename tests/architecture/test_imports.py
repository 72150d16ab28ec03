"""Who may import whom, what the light processes may load, and that these gates can turn red."""

import ast
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOMAIN = ("kyc", "aml", "explain")
HEAVY = ("cv2", "onnxruntime", "rapidocr", "transformers", "shap", "lightgbm", "sklearn", "pandas", "numba")


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", "pyproject.toml", "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_import_rules_hold() -> None:
    done = lint_imports(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def copied_packages(target: Path) -> Path:
    shutil.copy(REPOSITORY / "pyproject.toml", target)
    for package in ("clearance", "api", "activities", "store", "vault", "workflows", "jurisdictions", *DOMAIN):
        ignore = shutil.ignore_patterns("__pycache__", "*.xsd", "*.onnx")
        shutil.copytree(REPOSITORY / package, target / package, ignore=ignore)
    return target


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("kyc/acceptance.py", "import store"),
        ("aml/money.py", "import fastapi"),
        ("workflows/policies.py", "import activities"),
        ("explain/narrative.py", "import kyc"),
        ("api/errors.py", "import explain.replay"),
        ("jurisdictions/us.py", "import workflows"),
    ],
)
def test_a_forbidden_import_turns_the_gate_red(tmp_path: Path, file: str, line: str) -> None:
    root = copied_packages(tmp_path)
    source = root / file
    source.write_text(f"{source.read_text()}\n{line}\n")
    done = lint_imports(root)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def impurities(source: str) -> list[str]:
    """Reads of the clock or the environment in a module's source."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name in {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "os.environ"}:
                found.append(f"line {node.lineno}: {name}")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"os.getenv", "getenv"}:
            found.append(f"line {node.lineno}: getenv")
    return found


COMMANDS = {"kyc/decode.py"}
"""Programs of their own that live in the domain: the decoding child sets its own limits."""


@pytest.mark.parametrize("package", DOMAIN)
def test_the_domain_reads_neither_clock_nor_environment(package: str) -> None:
    for path in sorted((REPOSITORY / package).rglob("*.py")):
        name = path.relative_to(REPOSITORY).as_posix()
        if name in COMMANDS or "training" in name:
            continue
        assert impurities(path.read_text()) == [], name


def test_the_purity_check_can_fail() -> None:
    assert impurities("from datetime import datetime\nx = datetime.now()") == ["line 2: datetime.now"]
    assert impurities("import os\nx = os.environ['HOME']") == ["line 2: os.environ"]


@pytest.mark.parametrize(
    "module", ["api.app", *(f"workflows.{path.stem}" for path in sorted((REPOSITORY / "workflows").glob("[a-z]*.py")))]
)
def test_the_light_processes_load_nothing_heavy(module: str) -> None:
    script = textwrap.dedent(f"""
        import sys, {module}
        print(",".join(sorted(set({HEAVY!r}) & set(sys.modules))))
    """)
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "", f"{module} loads {done.stdout}"
