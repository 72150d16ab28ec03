"""One idempotent command that makes everything a deployment needs before its services start."""

from collections.abc import Callable

from clearance.filing_inbox import publish_inbox
from clearance.keyring import Keyring, create_missing_keys
from clearance.settings import Settings
from clearance.temporal import provision_namespaces, temporal_token
from clearance.trust import approve_shipped, approved_models
from store.migrate import ROLES, migrate


async def provision(settings: Settings, report: Callable[[str], None]) -> None:
    """Key files, schema and roles, namespaces and search attributes. A second run changes nothing."""
    made = create_missing_keys(settings.secrets_folder)
    report(f"keys: {len(made)} made" if made else "keys: all there")
    publish_inbox(Keyring(settings.secrets_folder))
    _models(settings, report)
    applied = await migrate(settings.admin_database_url, _role_passwords(settings))
    report(f"database: {', '.join(applied)} applied" if applied else "database: up to date")
    await provision_namespaces(
        settings.temporal_address,
        (settings.temporal_namespace, settings.filing_namespace),
        temporal_token(settings.temporal_token_file),
    )
    report(f"Temporal: namespaces {settings.temporal_namespace} and {settings.filing_namespace} ready")
    for folder in (settings.checkpoint_folder, settings.filing_checkpoint_folder, settings.filing_folder):
        folder.mkdir(parents=True, exist_ok=True)


def _models(settings: Settings, report: Callable[[str], None]) -> None:
    """The embedded stack approves what is shipped; where a trust folder is configured, people do."""
    approved = approved_models(settings)
    if settings.model_trust is None:
        done = approve_shipped(approved, settings.secrets_folder)
        report(f"models: {', '.join(done)} approved by this machine" if done else "models: all approved")
        return
    waiting = [f"{each.folder} ({each.problem})" for each in approved.standing() if each.problem]
    report(f"models that do not load: {'; '.join(waiting)}" if waiting else "models: all approved")


def _role_passwords(settings: Settings) -> dict[str, str] | None:
    """One file a role in a folder of secrets; none in the embedded stack, whose socket trusts local users."""
    if settings.role_passwords is None:
        return None
    return {role: (settings.role_passwords / role).read_text().strip() for role in ROLES if role != "clearance_owner"}
