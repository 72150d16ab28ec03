"""`python -m clearance` is the `clearance` command."""

from clearance.cli import app

app()
