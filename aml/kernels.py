"""How numba kernels are compiled and cached, so that the first start compiles and no later one does.

numba by itself notices a change in the file of a cached kernel, not in the files it calls into; here the cache's folder
carries a digest of all kernel sources, so a stale one is never used. Where no folder can be written, nothing is cached.
"""

import ast
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.misc.appdirs import user_cache_dir

F = TypeVar("F", bound=Callable[..., Any])

Records = Any
"""An array of a structured dtype. numpy's stubs know no fields as attributes, numba does."""
Record = Any
"""One element of it, read and written by field."""

Number = Any
"""An element of an array: which integer it is, numba knows."""

_user_cache_dir: Any = user_cache_dir
_HERE = Path(__file__).parent


@cache
def sources_digest() -> str:
    """Which kernels these are: 16 hex digits that change with what any of them does."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted((*_HERE.glob("*.py"), *_HERE.glob("typologies/*.py"))):
        content = source.read_text(encoding="utf-8")
        if "kernel" in content:
            digest.update(f"{source.name}\n{_code(content)}".encode())
    return digest.hexdigest()[:16]


def _code(source: str) -> str:
    """What a source does, without comments, layout and docstrings: those may change and the cache still holds."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return ast.dump(tree)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_folder(candidates: tuple[Path, ...] | None = None) -> Path | None:
    """The first of the candidates that can be written (beside the sources, then the user's cache), or None."""
    if candidates is None:
        candidates = (_HERE / "__pycache__", Path(_user_cache_dir("clearance", False)))
    stamp = f"kernels-{sources_digest()}"
    return next((folder / stamp for folder in candidates if _writable(folder / stamp)), None)


_FOLDER = cache_folder()


_OPTIONS: Any = {"error_model": "numpy", "_nrt": False, "forceinline": True}
"""Without numba's runtime: kernels allocate nothing and count no references, which cost a third of the time. Each is
compiled into those that call it: a call hands over every field of every array, a hundred words, and took half the time
of what was left."""


def kernel(function: F) -> F:
    """Compile on first call, without fast-math (results are the same bit for bit everywhere), cached where possible."""
    config: Any = numba.config
    compiled: Any
    if _FOLDER is None:
        compiled = numba.njit(**_OPTIONS)(function)
        return cast(F, compiled)
    before = config.CACHE_DIR
    config.CACHE_DIR = os.fspath(_FOLDER)
    try:
        compiled = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # numba found no place after all; compiling anew at each start gives the same results
        compiled = numba.njit(**_OPTIONS)(function)
    finally:
        config.CACHE_DIR = before
    return cast(F, compiled)
