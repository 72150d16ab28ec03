"""What a draft is made of, and how it becomes a report with its findings: one way for every form of filing.

The gathering reads the database; the writing computes, and runs in a thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from uuid import UUID

from activities.filing_case import CaseReader, Matter
from activities.filing_duties import DutyReader
from activities.filing_matters import CashDuty, FilingMatter, FreezeDuty
from activities.outcomes import OutcomeRow
from aml.reports import ctr
from aml.reports.blocking import BlockingCase, build_blocking, validate_blocking
from aml.reports.case import FilingKind, SarCase
from aml.reports.ctr import CtrCase
from aml.reports.findings import blocks, parse, problems
from aml.reports.formats import FORMATS, suspicion_format
from aml.reports.goaml_profile import ProfileUnknown
from aml.reports.narrative import narrative
from aml.reports.party import Filer
from aml.reports.supplement import Supplement, supplemented
from explain.record import Finding, InputRef, RuleTable, Value, canonical_json, sha256_hex
from jurisdictions import Regime
from jurisdictions.duty_triggers import cash_facts, cash_trigger_table, freeze_facts, freeze_trigger_table
from jurisdictions.filing_trigger import filing_facts, filing_trigger_table
from jurisdictions.reporting import ctr_terms
from store.connection import Connection
from store.filings import Acknowledgement, FilingSubmission
from workflows import messages as m

FILER_NOT_CONFIGURED = "FILER_NOT_CONFIGURED"
FORMAT_NOT_HANDLED = "FORMAT_NOT_HANDLED"
REPORT_TOO_LONG = "REPORT_TOO_LONG"
NO_ACTIVITY_SINCE = "NO_ACTIVITY_SINCE"

_HOUSE = "house rule"


class Rewriter(Protocol):
    """Says a narrative in other words. What adds a fact is not used."""

    def rewrite(self, case: SarCase, template: str) -> str:
        """The new words, or the template where they would not do."""
        ...


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why this is filed: a rule table with the facts that it is applied to."""

    table: RuleTable
    facts: Mapping[str, Value]
    inputs: tuple[InputRef, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything that a report is written from. Without a filer there is no case."""

    form: m.FilingForm
    format: str
    subject_id: UUID
    due_on: date
    trigger: Trigger
    case: SarCase | CtrCase | BlockingCase | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A report with what stands against submitting it. Where it could not be built there is no content."""

    content: bytes
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        return problems(self.findings)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The reports of a filing that were sent before, with the authority's answers, and what they said in clear."""

    submissions: tuple[FilingSubmission, ...] = ()
    answers: tuple[Acknowledgement, ...] = ()
    last_taken: bytes | None = None
    """The last report that the authority took and that was no correction."""
    correction: str | None = None
    """What an officer wants corrected, in words."""

    def taken(self) -> list[FilingSubmission]:
        """Those that report activity, in order: what was not taken or only corrects reports none of its own."""
        refused = {answer.report for answer in self.answers if not answer.accepted}
        return [each for each in self.submissions if each.kind != "correcting" and each.report not in refused]

    def covers_from(self, request: m.ReportRequest) -> datetime | None:
        """From when the requested report's activity counts: None for all of the case's."""
        taken = self.taken()
        match request.kind:
            case m.ReportKind.CONTINUING:
                return taken[-1].submitted_at if taken else None
            case m.ReportKind.CORRECTING if taken and taken[-1].kind == "continuing" and len(taken) > 1:
                return taken[-2].submitted_at
        return None

    def reported(self) -> Decimal | None:
        """The cumulative amount that the authority knows of, in the reporting currency."""
        if not self.last_taken:
            return None
        root = parse(self.last_taken)
        for name in ("CumulativeTotalViolationAmountText", "TotalSuspiciousAmountText"):
            text = root.findtext(f".//{{*}}{name}")
            if text and text.isdecimal():
                return Decimal(text)
        return None


@dataclass(frozen=True, slots=True)
class Gatherer:
    cases: CaseReader

    async def gather(
        self,
        conn: Connection,
        matter: FilingMatter,
        request: m.ReportRequest,
        regime: Regime,
        filer: Filer | None,
        today: date,
        added: Supplement,
        earlier: Earlier,
    ) -> Gathered:
        """Raises `RecordUnknown` and `SubjectKeyDestroyed`."""
        duties = DutyReader(self.cases)
        match matter:
            case CashDuty():
                cash = None if filer is None else await duties.read_cash(conn, matter, filer, today, added)
                if cash is not None:
                    cash = replace(cash, kind=FilingKind(request.kind), prior_document=request.prior_document)
                return self._cash(matter, regime, await duties.subject_of(conn, matter), cash)
            case FreezeDuty():
                frozen = None if filer is None else await duties.read_freeze(conn, matter, filer, today, added)
                if frozen is not None and request.kind is m.ReportKind.CORRECTING:
                    frozen = replace(frozen, corrects=request.prior_document or "unknown")
                subject_id = await duties.subject_of(conn, matter)
                holds = await duties.holds_property(conn, subject_id)
                return self._freeze(matter, regime, subject_id, frozen, holds)
            case OutcomeRow():
                since = earlier.covers_from(request)
                about = await self.cases.matter(conn, matter, regime.suspicion_threshold.value.currency)
                sar = None if filer is None else await self.cases.read(conn, matter, filer, today, since)
                if sar is not None:
                    sar = supplemented(
                        replace(
                            sar,
                            kind=FilingKind(request.kind),
                            prior_document=request.prior_document,
                            correction=earlier.correction,
                            previously_reported=earlier.reported() if request.kind is m.ReportKind.CONTINUING else None,
                        ),
                        added,
                    )
                return self._suspicion(matter, regime, about, sar)

    def _suspicion(self, outcome: OutcomeRow, regime: Regime, about: Matter, case: SarCase | None) -> Gathered:
        has_suspect = case is None or any(not subject.is_unknown for subject in case.subjects)
        return Gathered(
            form=m.FilingForm.SUSPICION,
            format=regime.report_format.value,
            subject_id=about.subject_id,
            due_on=regime.suspicion_due(outcome.detected_at.date(), has_suspect=has_suspect),
            trigger=Trigger(
                filing_trigger_table(regime),
                filing_facts(regime, outcome.disposition.value, about.typologies, about.amounts),
                (
                    InputRef("outcome", sha256_hex(canonical_json(outcome))),
                    *(InputRef(f"alert:{alert_id}", sha256_hex(sealed)) for alert_id, sealed in about.evidence),
                ),
            ),
            case=case,
        )

    def _cash(self, duty: CashDuty, regime: Regime, subject_id: UUID, case: CtrCase | None) -> Gathered:
        clock = regime.filing.threshold_report
        if clock is None:
            raise ValueError(f"{regime.version} knows no report on cash")
        threshold = regime.reporting_threshold.value.value
        exceeds = (True, False) if case is None else (case.cash.cash_in > threshold, case.cash.cash_out > threshold)
        return Gathered(
            form=m.FilingForm.THRESHOLD,
            format="fincen_ctr",
            subject_id=subject_id,
            due_on=clock.value.after(duty.day, regime.is_holiday),
            trigger=Trigger(
                cash_trigger_table(regime),
                cash_facts(regime, *exceeds),
                (InputRef("duty", sha256_hex(canonical_json(duty))),),
            ),
            case=case,
        )

    def _freeze(
        self, duty: FreezeDuty, regime: Regime, subject_id: UUID, case: BlockingCase | None, holds: bool
    ) -> Gathered:
        return Gathered(
            form=m.FilingForm.BLOCKING if holds else m.FilingForm.REJECTION,
            format="blocking_report",
            subject_id=subject_id,
            due_on=regime.blocking_due(duty.frozen_at.date()),
            trigger=Trigger(
                freeze_trigger_table(regime),
                freeze_facts(regime, True, holds),
                (InputRef("duty", sha256_hex(canonical_json(duty))),),
            ),
            case=case,
        )


def write(
    gathered: Gathered, request: m.ReportRequest, regime: Regime, schemas: Path, rewriter: Rewriter | None
) -> Draft:
    """The report and what stands against it."""
    match gathered.case:
        case None:
            return _without(FILER_NOT_CONFIGURED, "Nobody is configured to file for this tenant: add its filer.")
        case CtrCase() as cash:
            content = ctr.build_ctr(cash)
            return Draft(content, ctr.validate(content, schemas, ctr_terms(regime)))
        case BlockingCase() as blocking:
            content = build_blocking(blocking)
            return Draft(content, validate_blocking(content))
        case SarCase() as case:
            return _suspicion_report(case, gathered.format, request, schemas, rewriter)


def _suspicion_report(
    case: SarCase, format_name: str, request: m.ReportRequest, schemas: Path, rewriter: Rewriter | None
) -> Draft:
    if format_name not in FORMATS:
        return _without(FORMAT_NOT_HANDLED, f"No module builds reports of the format {format_name}.")
    try:
        report = suspicion_format(format_name, case.filer.goaml_profile)
    except ProfileUnknown as unknown:
        return _without(FORMAT_NOT_HANDLED, str(unknown))
    if request.kind is m.ReportKind.CONTINUING and not case.evidence:
        return _without(
            NO_ACTIVITY_SINCE, "No alert was raised since the last report: end the filing, or wait until there is one."
        )
    if rewriter is not None:
        case = replace(case, narrative=rewriter.rewrite(case, narrative(case)))
    try:
        content = report.build(case)
    except ValueError as error:
        return _without(REPORT_TOO_LONG, f"The report does not fit the form: {error}.")
    return Draft(content, report.validate(content, schemas))


def _without(problem: str, text: str) -> Draft:
    return Draft(b"", (blocks(problem, text, _HOUSE),))
