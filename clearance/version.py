"""Which code decides: recorded with every decision."""

from importlib.metadata import PackageNotFoundError, version


def _code_version() -> str:
    try:
        return version("clearance")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "0.1.0+source"


CODE_VERSION = _code_version()
