"""Who may do what: the one table from scopes (services) and roles (officers) to permissions."""

from enum import StrEnum


class Permission(StrEnum):
    """What a route asks for. API keys carry these same names as scopes."""

    SUBMIT_APPLICATIONS = "applications:write"
    READ_APPLICATIONS = "applications:read"
    OPEN_ACCOUNTS = "accounts:write"
    SUBMIT_TRANSACTIONS = "transactions:write"
    READ_ALERTS = "alerts:read"
    READ_DECISIONS = "decisions:read"
    READ_CASES = "cases:read"
    WORK_CASES = "cases:work"
    APPROVE_CASES = "cases:approve"
    ASSIGN_CASES = "cases:assign"
    FILE = "filings"
    READ_METRICS = "metrics:read"
    SCREEN = "screenings:write"
    READ_SCREENINGS = "screenings:read"
    MANAGE_OFFICERS = "officers:manage"
    MANAGE_WEBHOOKS = "webhooks:manage"
    READ_AUDIT = "audit:read"


class Role(StrEnum):
    """An officer's roles; an officer may hold several."""

    SUBMITTER = "submitter"
    ANALYST = "analyst"
    APPROVER = "approver"
    FILING_OFFICER = "filing_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_READ = frozenset(
    {
        Permission.READ_APPLICATIONS,
        Permission.READ_ALERTS,
        Permission.READ_DECISIONS,
        Permission.READ_CASES,
        Permission.READ_SCREENINGS,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SUBMITTER: frozenset({Permission.SUBMIT_APPLICATIONS, Permission.READ_APPLICATIONS, Permission.OPEN_ACCOUNTS}),
    Role.ANALYST: _READ | {Permission.SCREEN, Permission.WORK_CASES},
    Role.APPROVER: _READ
    | {
        Permission.SCREEN,
        Permission.WORK_CASES,
        Permission.APPROVE_CASES,
        Permission.ASSIGN_CASES,
        Permission.READ_METRICS,
    },
    Role.FILING_OFFICER: _READ | {Permission.FILE},
    Role.AUDITOR: _READ | {Permission.READ_AUDIT, Permission.READ_METRICS},
    Role.ADMINISTRATOR: frozenset({Permission.READ_METRICS, Permission.MANAGE_OFFICERS, Permission.MANAGE_WEBHOOKS}),
}
"""The one table of roles. A submitter sees applications as applicants may; an administrator sees no person and no case.
That the approver is another person than the maker is for the workflow to check: it knows who the maker was."""

PERSONS_ONLY = frozenset(
    {
        Permission.WORK_CASES,
        Permission.APPROVE_CASES,
        Permission.ASSIGN_CASES,
        Permission.FILE,
        Permission.MANAGE_OFFICERS,
    }
)
"""What no API key may do, whatever its scopes: a human decision is made by a person who can be named."""

SCOPE_PERMISSIONS: dict[str, Permission] = {
    permission.value: permission for permission in Permission if permission not in PERSONS_ONLY
}

HIDDEN = frozenset({Permission.FILE})
"""Refused as if the thing did not exist: that there are filings at all is secret from those who do not file."""


def role_for(permission: Permission, roles: frozenset[Role]) -> Role | None:
    """The first of the table's roles that the officer holds and that allows it: what an assertion names."""
    return next((role for role, allowed in ROLE_PERMISSIONS.items() if role in roles and permission in allowed), None)
