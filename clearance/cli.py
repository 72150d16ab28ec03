"""The `clearance` command: one group a subject, each command a thin line to the part that does the work."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from clearance.services import SERVICES, run_services
from clearance.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, which may be personal
    help="Explained, replayable, provable compliance.",
)
decisions = typer.Typer(no_args_is_help=True, help="Stored decisions: verify and show them.")
audit = typer.Typer(no_args_is_help=True, help="The append-only ledger: checkpoint, prove, export, verify.")
watchlists = typer.Typer(no_args_is_help=True, help="Watchlists: fetch, load and compare them, see which are in use.")
models = typer.Typer(no_args_is_help=True, help="Models: train, list, approve and revoke them.")
retention = typer.Typer(no_args_is_help=True, help="Personal data whose retention has run out.")
filings = typer.Typer(no_args_is_help=True, help="Filings: check reports, write them out, list blocked property.")
cluster = typer.Typer(no_args_is_help=True, help="What is too much for one machine, on a Ray cluster.")
for name, group in (
    ("cluster", cluster),
    ("decisions", decisions),
    ("audit", audit),
    ("watchlists", watchlists),
    ("models", models),
    ("retention", retention),
    ("filings", filings),
):
    app.add_typer(group, name=name)

console = Console()
errors = Console(stderr=True)


def _settings() -> Settings:
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # httpx and Temporal log every call at INFO, with URLs; ids are enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return settings


# --- Services ---------------------------------------------------------------------------------------------------------


@app.command()
def run(names: Annotated[list[str], typer.Argument(help=f"Any of: {', '.join(SERVICES)}")]) -> None:
    """Run several services in one process until Ctrl-C."""
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        errors.print(f"no such service: {', '.join(unknown)}; there are {', '.join(SERVICES)}")
        raise typer.Exit(2)
    asyncio.run(run_services(names, _settings()))


def _service_command(name: str) -> None:
    def command() -> None:
        asyncio.run(run_services([name], _settings()))

    app.command(name, help=f"Run the {name} service until Ctrl-C.")(command)


for service in SERVICES:
    _service_command(service)


@app.command()
def health(url: Annotated[str, typer.Argument(help="The service's /health/ready URL.")]) -> None:
    """Exit 0 when a service is ready: the container health check."""
    import httpx

    try:
        answer = httpx.get(url, timeout=5.0)
    except httpx.TransportError as error:
        errors.print(f"{url}: {error}")
        raise typer.Exit(1) from error
    if answer.status_code != 200:
        errors.print(f"{url}: {answer.status_code} {answer.text}")
        raise typer.Exit(1)


@app.command()
def provision() -> None:
    """Make schema, roles, keys, namespaces, search attributes, models and the first tenants; safe to repeat."""
    from clearance.provision import provision as provision_all

    asyncio.run(provision_all(_settings(), console.print))


@app.command()
def up() -> None:
    """Start the embedded stack on its usual ports and leave it running until Ctrl-C."""
    from clearance.demo import up as bring_up

    bring_up(console)


@app.command()
def demo() -> None:
    """Run the main job once on a fresh embedded stack and print what happened."""
    from clearance.demo import demo as run_demo

    raise typer.Exit(run_demo(console))


# --- Decisions --------------------------------------------------------------------------------------------------------


@decisions.command("verify")
def verify(
    decision_id: Annotated[UUID | None, typer.Argument(help="One decision's id.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every stored decision.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            help="Decisions made at or after this instant; UTC unless it says otherwise.",
        ),
    ] = None,
    filings: Annotated[
        bool, typer.Option("--filings", help="The decisions to file instead, which only the filing role sees.")
    ] = False,
) -> None:
    """Recompute stored decisions from their features and models; exits 1 on any difference."""
    from clearance.verification import verify_decisions

    if not (decision_id or all_ or since):
        errors.print("say which: --all, --since INSTANT, or a decision's id")
        raise typer.Exit(2)
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    raise typer.Exit(
        asyncio.run(verify_decisions(_settings(), console, decision_id=decision_id, since=since, filings=filings))
    )


# --- Filings ----------------------------------------------------------------------------------------------------------


@filings.command("check")
def filings_check(
    target: Annotated[
        str, typer.Argument(help="A report's file (FinCEN SAR or CTR, goAML, blocking), or a filing's id.")
    ],
    profile: Annotated[str, typer.Option(help="The FIU whose goAML profile the file should fit.")] = "euro",
) -> None:
    """Check a report against the authority's schema and the rules beyond it: exactly what is missing.

    Exits 1 where it cannot be submitted.
    """
    from clearance.filing_commands import check_report

    raise typer.Exit(check_report(_settings(), target, profile, console, errors))


@filings.command("export")
def filings_export(
    filing_id: Annotated[UUID, typer.Argument(help="The filing's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    kind: Annotated[str, typer.Option("--as", help="data, or for reports on blocked property pdf or csv.")] = "data",
) -> None:
    """Write a filing's present report to a file."""
    from clearance.filing_commands import FORMATS, write_report

    if kind not in FORMATS:
        errors.print(f"there is no {kind}; there are {', '.join(FORMATS)}")
        raise typer.Exit(2)
    raise typer.Exit(write_report(_settings(), filing_id, kind, output, errors))


@filings.command("blocked-property")
def filings_blocked_property(
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV file to write.")],
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; the last 30 June without it.")
    ] = None,
) -> None:
    """List the property that was blocked on a day, for the annual report of 31 CFR 501.603(b)(2)."""
    from clearance.filing_commands import blocked_property

    today = datetime.now(UTC).date()
    last = today.replace(year=today.year - ((today.month, today.day) < (6, 30)), month=6, day=30)
    output.write_text(asyncio.run(blocked_property(_settings(), on.date() if on else last)), encoding="utf-8")


# --- The ledger -------------------------------------------------------------------------------------------------------

_OfFilings = Annotated[bool, typer.Option("--filing", help="The filings' own ledger, under the filing role.")]


@audit.command("checkpoint")
def audit_checkpoint(
    tenant: Annotated[UUID | None, typer.Option(help="One tenant's id; all tenants without it.")] = None,
    filing: _OfFilings = False,
) -> None:
    """Sign the ledgers as they stand and write the checkpoints outside the database; prints the public key.

    Exits 1 where a ledger contradicts what was signed before.
    """
    from clearance.audit import TenantUnknown, checkpoint

    try:
        code = asyncio.run(checkpoint(_settings(), console, tenant, filing=filing))
    except TenantUnknown as error:
        errors.print(f"there is no tenant {error}")
        raise typer.Exit(1) from error
    raise typer.Exit(code)


@audit.command("prove")
def audit_prove(
    decision_id: Annotated[UUID, typer.Argument(help="The decision's id.")],
    output: Annotated[Path | None, typer.Option(help="Where the proof goes (JSON); stdout without it.")] = None,
    filing: _OfFilings = False,
) -> None:
    """Write the proof that a decision stands in the ledger as recorded; it holds without this project.

    It carries the record, explanation and sealed evidence of this decision, and of others salted digests only.
    """
    from clearance.audit import run_prove

    proof = run_prove(_settings(), decision_id, output, filing, errors)
    if proof is None:
        raise typer.Exit(1)
    if output is None:
        typer.echo(proof)
    else:
        console.print(f"proof of decision {decision_id}: {output}", soft_wrap=True)


@audit.command("export")
def audit_export(
    tenant: Annotated[UUID, typer.Argument(help="The tenant's id.")],
    output: Annotated[Path, typer.Option(help="Where the ledger goes, one JSON object a line.")],
    with_evidence: Annotated[bool, typer.Option(help="With the sealed evidence (ciphertext).")] = False,
    filing: _OfFilings = False,
) -> None:
    """Write a tenant's whole ledger, for a verifier who has no access to the database.

    Exits 1 where the tables contradict the text that was hashed, which an export cannot show.
    """
    from clearance.audit import TenantUnknown, export

    try:
        done = asyncio.run(export(_settings(), tenant, output, with_evidence=with_evidence, filing=filing))
    except TenantUnknown as error:
        errors.print(f"there is no tenant {error}")
        raise typer.Exit(1) from error
    except OSError as error:
        errors.print(f"{output}: {error.strerror}; name a file that can be written")
        raise typer.Exit(1) from error
    for finding in done.altered:
        errors.print(finding, soft_wrap=True)
    console.print(f"{done.lines:,} lines: {output}", soft_wrap=True)
    raise typer.Exit(1 if done.altered else 0)


@audit.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="An export, or a proof.")],
    public_key: Annotated[str, typer.Option(help="The ledger's public key: 64 hex digits, or a file with them.")],
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder of the checkpoints that are kept outside the database.")
    ] = None,
    receipts: Annotated[Path | None, typer.Option(help="Receipts that callers kept, one JSON object a line.")] = None,
    timestamp_roots: Annotated[
        Path | None,
        typer.Option(help="PEM file of the time stamping authority: verifies the stamps of checkpoints too."),
    ] = None,
) -> None:
    """Verify an export or a proof, without the database; exits 0 when everything holds, 1 otherwise."""
    from clearance.audit import KeyUnreadable
    from clearance.audit import verify as verify_file
    from store.ledger_verifier import Unreadable

    try:
        report = verify_file(file, public_key, checkpoints, receipts, console, timestamp_roots)
    except (KeyUnreadable, Unreadable) as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except OSError as error:
        errors.print(f"{error.filename}: {error.strerror}; name a file that can be read", soft_wrap=True)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if report.holds else 1)


# --- Models -----------------------------------------------------------------------------------------------------------

_ApproverKey = Annotated[Path, typer.Option(help="The approver's private Ed25519 key: PEM or 32 raw bytes.")]


@models.command("list")
def list_models() -> None:
    """Name, version, digest, role, who approved it and the card's figures; exits 1 where one would not load."""
    from clearance.models import print_models

    raise typer.Exit(print_models(_settings(), console))


@models.command("approve")
def approve_models(
    folders: Annotated[list[Path], typer.Argument(help="Model folders, each with its card.json.")],
    key: _ApproverKey,
    role: Annotated[str, typer.Option(help="champion (decides) or challenger (runs beside it).")] = "champion",
) -> None:
    """Sign models as one of the two people whose approval each needs before it loads."""
    from clearance.models import approve_folders

    raise typer.Exit(approve_folders(_settings(), folders, key, role, console, errors))


@models.command("revoke")
def revoke_model(
    model: Annotated[str, typer.Argument(help="A model folder, or the SHA-256 of one that is gone.")],
    key: _ApproverKey,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Forbid a model for good: one trusted person is enough. Running services keep it until they restart."""
    from clearance.models import revoke

    raise typer.Exit(revoke(_settings(), model, key, reason, console, errors))


@models.command("compare")
def compare_models(
    champion: Annotated[str, typer.Argument(help="Folder name of the model that decides, e.g. transactions.")],
    challenger: Annotated[str, typer.Argument(help="Folder name of the one approved as its challenger.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Decisions of this day (UTC) and later.")
    ] = None,
) -> None:
    """Score what the champion decided by a challenger too: where it would have decided otherwise, and how often."""
    from clearance.challenger import NothingToCompare, print_comparison
    from clearance.challenger import compare_models as compare
    from explain.registry import ModelNotLoaded

    start = since.replace(tzinfo=UTC) if since else None
    try:
        result = asyncio.run(compare(_settings(), champion, challenger, since=start))
    except (ModelNotLoaded, NothingToCompare, ValueError) as error:
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    print_comparison(result, console)


@models.command("labels")
def write_labels(
    output: Annotated[Path, typer.Option(help="Where the labels go, one JSON object a line.")],
    tenant: Annotated[UUID | None, typer.Option(help="One tenant's id; all tenants without it.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Cases closed on this day (UTC) and later.")
    ] = None,
) -> None:
    """Write what officers decided beside the features that the models saw: what the next model is trained on.

    No id of a person, account, transaction or case is in it. Exits 1 where there is nothing to write.
    """
    from clearance.labels import write_labels as write

    after = since.replace(tzinfo=UTC) if since else None
    raise typer.Exit(write(_settings(), output, console, tenant, after))


@models.command("train")
def train_model(
    which: Annotated[str, typer.Argument(help="aml, customer-risk or screening.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write; the deployment's own by default.")] = None,
) -> None:
    """Train a reference model on generated data. The result loads once two people approved it."""
    from clearance.models import train

    raise typer.Exit(train(_settings(), which, out, console, errors))


# --- Retention --------------------------------------------------------------------------------------------------------


@retention.command("start")
def retention_start(
    customer_id: Annotated[UUID, typer.Argument(help="The customer's id.")],
    ended: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the relationship ended; today without it.")
    ] = None,
) -> None:
    """A business relationship ended: the customer's data is kept for the regime's years from then, and then due."""
    import jurisdictions
    from clearance.retention import CustomerUnknown, start_retention
    from store.subjects import SubjectErased

    today = datetime.now(UTC).date()
    day = ended.date() if ended else today
    if day > today:
        errors.print(f"{day} is in the future: say so once the relationship has ended")
        raise typer.Exit(2)
    try:
        until = asyncio.run(start_retention(_settings(), customer_id, day))
    except CustomerUnknown as error:
        errors.print(f"no tenant has a customer {customer_id}")
        raise typer.Exit(1) from error
    except SubjectErased as error:
        errors.print(f"the data of customer {customer_id} was erased already")
        raise typer.Exit(1) from error
    except jurisdictions.RegimeUnknown as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    console.print(f"customer {customer_id}: kept until {until}", highlight=False)


@retention.command("run")
def retention_run(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What had run out by this day; today without it.")
    ] = None,
) -> None:
    """Destroy the keys of everyone whose retention has run out: what was sealed under them cannot be read again."""
    from clearance.retention import run_retention

    today = datetime.now(UTC).date()
    day = as_of.date() if as_of else today
    if day > today:
        errors.print(f"{day} is in the future: what still has to be kept is not erased early")
        raise typer.Exit(2)
    done = asyncio.run(run_retention(_settings(), day))
    for tenant_id, count in sorted(done.erased.items()):
        console.print(f"tenant {tenant_id}: {count} subjects erased", highlight=False, soft_wrap=True)
    console.print(
        f"as of {day}: {done.erased.total()} subjects erased, {done.held} kept under a legal hold", highlight=False
    )


# --- Watchlists and tenants -------------------------------------------------------------------------------------------


@watchlists.command("load")
def load_watchlists(
    folder: Annotated[Path, typer.Argument(help="Folder of list files as the authorities publish them.")],
) -> None:
    """Put the lists of a folder into force, as checked with their sources now."""
    from aml.screening import ListUnreadable
    from aml.screening.batch import load_watchlists as read_lists
    from clearance.lists import load_lists

    try:
        lists = read_lists(folder)
    except ListUnreadable as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    for each, new in asyncio.run(load_lists(_settings(), lists, f"folder {folder.resolve()}")):
        state = "now in force" if new else "was in force already; checked"
        console.print(f"{each.name} {each.version}: {len(each.entities):,} entities, {state}")


@watchlists.command("update")
def update_watchlists(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; all that are fetched daily without any.")] = None,
    accept_smaller: Annotated[
        bool, typer.Option(help="Take a version with far fewer records than the one in force: you have checked it.")
    ] = False,
) -> None:
    """Fetch lists from their sources and put into force what is new; what looks damaged is refused."""
    from clearance.lists import update

    raise typer.Exit(update(_settings(), names or [], accept_smaller, console, errors))


@watchlists.command("diff")
def diff_watchlists(
    old: Annotated[str, typer.Argument(help="A folder of list files, or LIST@VERSION as stored.")],
    new: Annotated[str, typer.Argument(help="The same, later.")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object with every id.")] = False,
) -> None:
    """What was added, amended and removed between two versions, by the digest of each record."""
    from clearance.lists import show_diff

    raise typer.Exit(show_diff(_settings(), old, new, json_, console, errors))


@watchlists.command("list")
def list_watchlists() -> None:
    """Which versions are in force, when each was last checked with its source, and what its last update came to."""
    from clearance.lists import lists_in_force

    for version, fetch in asyncio.run(lists_in_force(_settings())):
        checked = version.checked_at.isoformat(timespec="minutes") if version.checked_at else "never"
        console.print(f"{version.list_name} {version.version}: {version.entity_count:,} entities, checked {checked}")
        if fetch is not None and fetch.outcome in ("refused", "failed"):
            at = fetch.fetched_at.isoformat(timespec="minutes")
            errors.print(f"  last update {fetch.outcome} {at}: {fetch.detail}", highlight=False, soft_wrap=True)


@app.command("add-tenant")
def add_tenant(name: str, regime: Annotated[str, typer.Option(help="US or EU.")]) -> None:
    """Make a tenant with an API key and its first officers; the secrets are shown once."""
    from clearance.tenancy import add_tenant as make_tenant

    tenant = asyncio.run(make_tenant(_settings(), name, regime))
    console.print(f"tenant  {tenant.tenant_id} ({tenant.regime})")
    console.print(f"API key {tenant.api_key}")
    for login, password in tenant.passwords.items():
        console.print(f"officer {login}: {password}")


# --- Files ------------------------------------------------------------------------------------------------------------


@app.command()
def monitor(
    file: Annotated[
        Path,
        typer.Argument(
            help="Transactions: CSV, Parquet or ISO 20022 (pain.001, pacs.008, camt.053, camt.054), or a folder."
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="Where alerts go, one JSON object a line.")] = None,
    features: Annotated[Path | None, typer.Option(help="Where the feature matrix goes (Parquet).")] = None,
    regime: Annotated[str, typer.Option(help="US or EU.")] = "US",
    strict: Annotated[bool, typer.Option(help="Refuse the file at the first broken row.")] = False,
    mapping: Annotated[Path | None, typer.Option(help="JSON of our fields to the file's columns.")] = None,
    rates: Annotated[
        Path | None, typer.Option(help="JSON of currencies to units of the regime's; indicative rates without it.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Kept after each slice; a run that was stopped goes on from it.")
    ] = None,
    slice_days: Annotated[float, typer.Option(min=0.01, help="Days of transactions between two checkpoints.")] = 7.0,
) -> None:
    """Match a file of transactions against the typologies."""
    from clearance.commands import Monitored, monitor_file

    asked = Monitored(file, output, features, regime, strict, mapping, checkpoint, slice_days, rates)
    raise typer.Exit(monitor_file(asked, console, errors, _settings()))


@cluster.command("monitor")
def cluster_monitor(
    sources: Annotated[list[Path], typer.Argument(help="One file or folder of transactions a tenant.")],
    output: Annotated[Path, typer.Option(help="Folder for `<name>.jsonl` a tenant, and checkpoints meanwhile.")],
    address: Annotated[str, typer.Option(help="Of the Ray cluster; this machine alone without it.")] = "",
    regime: Annotated[str, typer.Option(help="US or EU.")] = "US",
    slice_days: Annotated[float, typer.Option(min=0.01, help="Days of transactions between two checkpoints.")] = 7.0,
) -> None:
    """Match the histories of several tenants, one beside the other; paths are those of the cluster's shared storage."""
    from clearance.cluster import RayMissing, monitor_tenants

    try:
        for ran in monitor_tenants(_settings(), sources, output, address, regime, slice_days):
            console.print(
                f"{ran.source}: {ran.transactions:,} transactions, {ran.alerts:,} alerts, {ran.broken} broken"
            )
    except (RayMissing, ValueError, OSError) as error:
        errors.print(str(error), highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@app.command("read-document")
def read_document(
    files: Annotated[list[Path], typer.Argument(help="Images or PDFs.")],
    selfie: Annotated[Path | None, typer.Option(help="A photograph of the holder.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Read identity documents and say what is wrong with them."""
    from clearance.commands import read_documents

    raise typer.Exit(read_documents(files, selfie, json_, console, errors))


@app.command()
def specimen(
    image: Annotated[Path, typer.Argument(help="Where the picture of an invented passport goes (JPEG).")],
    applicant: Annotated[Path, typer.Argument(help="Where its holder's application goes (JSON).")],
    seed: Annotated[int, typer.Option(help="Another number, another person.")] = 1,
) -> None:
    """Draw an invented passport and write the application of its holder: something to try the API with."""
    from clearance.commands import write_specimen

    write_specimen(image, applicant, seed)
    console.print(f"{image} and {applicant} are ready to be submitted")


@app.command()
def screen(
    input_: Annotated[Path, typer.Option("--input", help="People, one JSON object a line.")],
    output: Annotated[Path, typer.Option("--output", help="Hits, one JSON object a line.")],
    lists: Annotated[Path, typer.Option("--watchlists", help="Folder of list files as the authorities publish them.")],
    threshold: Annotated[float, typer.Option(help="Least score of a hit, from 0 to 1.")] = 0.5,
    scorer: Annotated[
        str | None,
        typer.Option(help="logic-v2 for nomenklatura's scorer (extra `challenger`); ours where left out."),
    ] = None,
) -> None:
    """Screen a file of people against list files, without a database."""
    from clearance.commands import screen_file

    raise typer.Exit(screen_file(input_, output, lists, threshold, console, errors, scorer))
