"""What the command line does with filings: check a file or a stored report, write it out, list blocked property."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

import jurisdictions
from aml.reports.blocking import as_csv, as_lines
from aml.reports.formats import check
from aml.reports.goaml_profile import ProfileUnknown, load_profile
from aml.reports.readiness import Readiness, readiness
from clearance.database import service_pool
from clearance.keyring import KeyName, Keyring
from clearance.settings import Settings
from explain.record import Finding
from jurisdictions.reporting import ctr_terms
from store import filings, freezes
from store.connection import Pool, service_transaction, tenant_transaction
from store.customers import customers_of_subject, list_accounts
from store.tenants import list_tenants
from vault import contexts
from vault.keys import FileKeyProvider
from vault.standalone import open_standalone

FORMATS = ("data", "pdf", "csv")


class NotWritable(Exception):
    """The report has no rendering of this kind; the message says which it has."""


def check_report(settings: Settings, target: str, profile: str, console: Console, errors: Console) -> int:
    """Check a file, or a stored filing by its id: 0 where it may be submitted, 1 where it may not, 2 where it cannot be
    read."""
    try:
        goaml = load_profile(profile)
    except ProfileUnknown as error:
        errors.print(str(error))
        return 2
    path = Path(target)
    try:
        content = path.read_bytes() if path.exists() else asyncio.run(stored_report(settings, UUID(target)))[0]
    except ValueError:
        errors.print(f"{target} is neither a file nor a filing's id")
        return 2
    except (OSError, filings.FilingUnknown) as error:
        errors.print(f"{target}: {error or 'there is no such filing'}")
        return 2
    terms = ctr_terms(jurisdictions.regime("US", datetime.now(UTC).date()))
    found = check(content, settings.schemas, terms, goaml)
    ready = readiness(found)
    console.print(f"{path.name}: {'may' if ready.may_be_submitted else 'cannot'} be submitted, {ready.score} of 100")
    if found:
        console.print(_asked(ready, found))
    return 0 if ready.may_be_submitted else 1


def write_report(settings: Settings, filing_id: UUID, kind: str, output: Path, errors: Console) -> int:
    """Write a stored report to a file, as it is or as a PDF or CSV where its form has them. The read is not audited
    here: whoever runs this holds the filing keys."""
    try:
        content, format_name = asyncio.run(stored_report(settings, filing_id))
        output.write_bytes(rendered(content, format_name, kind))
    except (OSError, filings.FilingUnknown, NotWritable) as error:
        errors.print(f"{filing_id}: {error}")
        return 1
    return 0


def rendered(content: bytes, format_name: str, kind: str) -> bytes:
    """Raises `NotWritable`."""
    if kind == "data":
        return content
    if format_name != "blocking_report":
        raise NotWritable(f"a report of the format {format_name} is written as data only")
    if kind == "csv":
        return as_csv(content).encode()
    from clearance.filing_pdf import pdf_of

    return pdf_of(as_lines(content))


async def stored_report(settings: Settings, filing_id: UUID) -> tuple[bytes, str]:
    """A filing's present report, opened, and its format. Raises `store.filings.FilingUnknown`."""
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.FILING_MASTER))
    async with _filing_pool(settings) as pool:
        for tenant_id in await _tenants(pool):
            async with tenant_transaction(pool, tenant_id) as conn:
                try:
                    row = await filings.fetch_filing(conn, filing_id)
                except filings.FilingUnknown:
                    continue
            content = open_standalone(keys, tenant_id, row.sealed_report, contexts.filing(filing_id))
            return content, row.format
    raise filings.FilingUnknown("there is no such filing")


async def blocked_property(settings: Settings, on: date) -> str:
    """The annual report of blocked property as a list (31 CFR 501.603(b)(2)): what was held on a day, mostly 30 June, a
    row an account. Values are not known here and are for the filer to state."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(("tenant", "freeze", "blocked_on", "account", "grounds", "value_in_usd"))
    until = datetime.combine(on + timedelta(days=1), time(), UTC)
    async with _filing_pool(settings) as pool:
        for tenant_id in await _tenants(pool):
            async with tenant_transaction(pool, tenant_id) as conn:
                for freeze in await freezes.list_freezes(conn, until):
                    for customer in await customers_of_subject(conn, freeze.subject_id):
                        for account in await list_accounts(conn, customer.customer_id):
                            grounds = " ".join(freeze.reasons)
                            blocked = freeze.frozen_at.date().isoformat()
                            writer.writerow((tenant_id, freeze.freeze_id, blocked, account.account_ref, grounds, ""))
    return lines.getvalue()


@asynccontextmanager
async def _filing_pool(settings: Settings) -> AsyncIterator[Pool]:
    async with await service_pool(settings, "clearance_filing", max_size=1) as pool:
        yield pool


async def _tenants(pool: Pool) -> list[UUID]:
    async with service_transaction(pool) as conn:
        return [tenant.tenant_id for tenant in await list_tenants(conn)]


def _asked(ready: Readiness, found: tuple[Finding, ...]) -> Table:
    table = Table()
    table.add_column("")
    table.add_column("what to do", overflow="fold")
    table.add_column("rule")
    table.add_column("source", overflow="fold")
    said: set[str] = set()
    for finding in found:
        if finding.text in (*ready.missing, *ready.warnings) and finding.text not in said:
            said.add(finding.text)
            table.add_row(finding.effect, finding.text, finding.rule, finding.citation)
    return table
