"""The report formats by the name that a regime gives: how each is built from a case and how a file of it is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from aml.reports import ctr, fincen, goaml
from aml.reports.blocking import validate_blocking
from aml.reports.case import SarCase
from aml.reports.ctr_rules import CtrTerms
from aml.reports.findings import NOT_WELL_FORMED, blocks, parse
from aml.reports.goaml_profile import FiuProfile, load_profile
from explain.record import Finding

UNKNOWN_FORM = "UNKNOWN_FORM"


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """`build` raises `ValueError` for a case that does not fit the form; `validate` takes the folder of XSDs."""

    build: Callable[[SarCase], bytes]
    validate: Callable[[bytes, Path], tuple[Finding, ...]]


def goaml_format(profile: FiuProfile) -> ReportFormat:
    """goAML as one FIU wants it."""
    return ReportFormat(
        build=lambda case: goaml.build_goaml(case, profile),
        validate=lambda xml, schemas: goaml.validate(xml, schemas, profile),
    )


FORMATS: Mapping[str, ReportFormat] = {
    "fincen_sar": ReportFormat(fincen.build_sar, fincen.validate),
    "goaml": goaml_format(load_profile("euro")),
}
"""By the regime's `report_format`. The euro profile stands for FIUs whose own lookup values are not installed."""


def suspicion_format(name: str, goaml_profile: str) -> ReportFormat:
    """The format that a regime names, as the filer's FIU wants it. Raises `KeyError` and `ProfileUnknown`."""
    return goaml_format(load_profile(goaml_profile)) if name == "goaml" else FORMATS[name]


def check(xml: bytes, schemas: Path, terms: CtrTerms, profile: FiuProfile) -> tuple[Finding, ...]:
    """What stands against a file of any form that this package knows, recognised by its content.

    `terms` are for currency transaction reports, `profile` for goAML.
    """
    if xml.lstrip()[:1] == b"{":
        return validate_blocking(xml)
    try:
        root = parse(xml)
    except etree.XMLSyntaxError as error:
        return (blocks(NOT_WELL_FORMED, f"The file is not XML: {error.msg}.", "XML 1.0", line=error.lineno),)
    form = root.findtext("{*}FormTypeCode")
    if form == "SARX":
        return fincen.validate(xml, schemas)
    if form == "CTRX":
        return ctr.validate(xml, schemas, terms)
    if root.tag == "report":
        return goaml.validate(xml, schemas, profile)
    name = etree.QName(root).localname
    return (
        blocks(
            UNKNOWN_FORM, f"<{name}> is neither a FinCEN SAR or CTR batch nor a goAML report.", "house rule", root=name
        ),
    )
