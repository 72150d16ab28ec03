"""Commands on files, without a database: monitor, screen, read-document, specimen."""

from pathlib import Path
from typing import Annotated

import typer

from clearance.cli.terminal import console, errors, read_settings

commands = typer.Typer()


@commands.command()
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
    raise typer.Exit(monitor_file(asked, console, errors, read_settings()))


@commands.command("read-document")
def read_document(
    files: Annotated[list[Path], typer.Argument(help="Images or PDFs.")],
    selfie: Annotated[Path | None, typer.Option(help="A photograph of the holder.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Read identity documents and say what is wrong with them."""
    from clearance.commands import read_documents

    raise typer.Exit(read_documents(files, selfie, json_, console, errors))


@commands.command()
def specimen(
    image: Annotated[Path, typer.Argument(help="Where the picture of an invented passport goes (JPEG).")],
    applicant: Annotated[Path, typer.Argument(help="Where its holder's application goes (JSON).")],
    seed: Annotated[int, typer.Option(help="Another number, another person.")] = 1,
) -> None:
    """Draw an invented passport and write the application of its holder: something to try the API with."""
    from clearance.commands import write_specimen

    write_specimen(image, applicant, seed)
    console.print(f"{image} and {applicant} are ready to be submitted")


@commands.command()
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
