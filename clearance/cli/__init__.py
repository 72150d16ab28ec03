"""The `clearance` command: a file a group, each command a thin line to the part that does the work."""

import typer

from clearance.cli import audit, cluster, decisions, files, filings, models, retention, services, watchlists

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, which may be personal
    help="Explained, replayable, provable compliance.",
)
app.add_typer(services.commands)
app.add_typer(files.commands)
for name, module in (
    ("cluster", cluster),
    ("decisions", decisions),
    ("audit", audit),
    ("watchlists", watchlists),
    ("models", models),
    ("retention", retention),
    ("filings", filings),
):
    app.add_typer(module.group, name=name)
