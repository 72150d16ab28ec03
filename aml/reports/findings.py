"""How a report is judged: what a finding about it means, and which schema it must validate against.

The authorities' XSDs are not ours to redistribute: they are read from a folder that the caller names, and a folder
without them is a result, not an exception.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import cast

from lxml import etree

from explain.record import Finding

BLOCKS = "blocks"
"""The effect of a finding with which a report cannot be submitted."""
WARNS = "warns"
"""The effect of a finding that an officer should look at."""

SCHEMA_NOT_INSTALLED = "SCHEMA_NOT_INSTALLED"
NOT_WELL_FORMED = "NOT_WELL_FORMED"
SCHEMA_VIOLATED = "SCHEMA_VIOLATED"

_LOCK = Lock()
"""An lxml schema keeps its error log in itself, so one report at a time is validated in a process."""


def blocks(rule: str, text: str, citation: str, **values: str | int | float | bool | None) -> Finding:
    return Finding(rule, BLOCKS, text, citation, values)


def warns(rule: str, text: str, citation: str, **values: str | int | float | bool | None) -> Finding:
    return Finding(rule, WARNS, text, citation, values)


def problems(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes of what stands against submitting, in order and each once: empty when the report may go."""
    return tuple(dict.fromkeys(finding.rule for finding in findings if finding.effect == BLOCKS))


def parse(xml: bytes) -> etree._Element:
    """The root of a report. Entities are not resolved and nothing is fetched. Raises `etree.XMLSyntaxError`."""
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def schema_findings(root: etree._Element, schemas: Path, file_name: str) -> tuple[Finding, ...]:
    """What an XSD in the folder `schemas` says about a report; `SCHEMA_NOT_INSTALLED` where it is not there."""
    path = schemas / file_name
    try:
        content = path.read_bytes()
    except OSError:
        return (
            blocks(
                SCHEMA_NOT_INSTALLED,
                f"{file_name} is not in the configured folder of schemas; get it from the authority and put it there. "
                "Until then the report cannot be checked, and so not submitted.",
                "house rule: no report leaves unvalidated",
                schema=file_name,
            ),
        )
    with _LOCK:
        schema = compiled_schema(content)
        if schema.validate(root):
            return ()
        return tuple(
            blocks(
                SCHEMA_VIOLATED,
                f"{_bare(error.path or '')}: {_bare(error.message)}",
                file_name,
                line=error.line,
                element=_bare(error.path or ""),
                kind=error.type_name,
            )
            for error in cast("Iterable[etree._LogEntry]", schema.error_log)
        )


@lru_cache(maxsize=4)
def compiled_schema(content: bytes) -> etree.XMLSchema:
    """An XSD made ready. Patterns written `^…$` mean the bare pattern: in XML Schema the two signs are literals."""
    root = parse(content)
    for pattern in root.iter("{http://www.w3.org/2001/XMLSchema}pattern"):
        pattern.set("value", unanchored(pattern.get("value", "")))
    return etree.XMLSchema(etree.ElementTree(root))


def unanchored(pattern: str) -> str:
    """A regular expression without the anchors at its ends, which XML Schema implies and would match literally."""
    if pattern.startswith("^"):
        pattern = pattern[1:]
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1]
    return pattern


def _bare(text: str) -> str:
    """Without namespaces: `{www.fincen.gov/base}Party` and `fc2:Party` read `Party`."""
    return re.sub(r"\{[^}]*\}|\bfc2:", "", text)
