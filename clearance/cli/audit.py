"""`clearance audit`: the ledger for operators and for strangers."""

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from clearance.cli.terminal import console, errors, read_settings

group = typer.Typer(no_args_is_help=True, help="The append-only ledger: checkpoint, prove, export, verify.")


_OfFilings = Annotated[bool, typer.Option("--filing", help="The filings' own ledger, under the filing role.")]


@group.command("checkpoint")
def audit_checkpoint(
    tenant: Annotated[UUID | None, typer.Option(help="One tenant's id; all tenants without it.")] = None,
    filing: _OfFilings = False,
) -> None:
    """Sign the ledgers as they stand and write the checkpoints outside the database; prints the public key.

    Exits 1 where a ledger contradicts what was signed before.
    """
    from clearance.audit import TenantUnknown, checkpoint

    try:
        code = asyncio.run(checkpoint(read_settings(), console, tenant, filing=filing))
    except TenantUnknown as error:
        errors.print(f"there is no tenant {error}")
        raise typer.Exit(1) from error
    raise typer.Exit(code)


@group.command("rotate-key")
def audit_rotate_key(
    following: Annotated[
        Path | None,
        typer.Option("--next", help="The next key's file (32 random bytes), where the secrets cannot be written."),
    ] = None,
    filing: _OfFilings = False,
) -> None:
    """Replace the ledgers' signing key: the key in use names the next one in its last checkpoint of every ledger.

    Whoever verifies keeps the first public key. Run it again where it was broken off. Exits 1 where a ledger could not
    be handed over; the key stays then.
    """
    from clearance.audit import rotate_key
    from clearance.keyring import KeyMissing

    try:
        code = asyncio.run(rotate_key(read_settings(), console, following, filing=filing))
    except (KeyMissing, OSError, ValueError) as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    raise typer.Exit(code)


@group.command("prove")
def audit_prove(
    decision_id: Annotated[UUID, typer.Argument(help="The decision's id.")],
    output: Annotated[Path | None, typer.Option(help="Where the proof goes (JSON); stdout without it.")] = None,
    filing: _OfFilings = False,
) -> None:
    """Write the proof that a decision stands in the ledger as recorded; it holds without this project.

    It carries the record, explanation and sealed evidence of this decision, and of others salted digests only.
    """
    from clearance.audit import run_prove

    proof = run_prove(read_settings(), decision_id, output, filing, errors)
    if proof is None:
        raise typer.Exit(1)
    if output is None:
        typer.echo(proof)
    else:
        console.print(f"proof of decision {decision_id}: {output}", soft_wrap=True)


@group.command("export")
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
        done = asyncio.run(export(read_settings(), tenant, output, with_evidence=with_evidence, filing=filing))
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


@group.command("verify")
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
