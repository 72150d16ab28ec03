"""Where commands print, and the settings they run under."""

import logging

from rich.console import Console

from clearance.settings import Settings

console = Console()
errors = Console(stderr=True)


def read_settings() -> Settings:
    """The settings, with logging set up as they say."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # httpx and Temporal log every call at INFO, with URLs; ids are enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return settings
