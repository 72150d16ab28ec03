"""An assertion allows one action, on one run, for five minutes, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workflows.assertions import AssertionClaims, AssertionRefused, Purpose, mint, verify
from workflows.messages import CaseAction, Disposition

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
PURPOSE = Purpose(
    target_id=UUID(int=1),
    run_id="run-1",
    revision=4,
    action=CaseAction.DECIDE,
    officer_id=UUID(int=2),
    disposition=Disposition.TRUE_POSITIVE,
    reason_sha256="ab" * 32,
)
CLAIMS = AssertionClaims(PURPOSE, role="analyst", issued_at=NOW)
ASSERTION = mint(CLAIMS, KEY)


def test_a_fresh_assertion_for_the_purpose_is_accepted() -> None:
    assert verify(ASSERTION, PUBLIC, PURPOSE, NOW + timedelta(minutes=5)) == CLAIMS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"target_id": UUID(int=9)}, "TARGET_ID_DIFFERS"),
        ({"run_id": "run-2"}, "RUN_ID_DIFFERS"),
        ({"revision": 5}, "REVISION_DIFFERS"),
        ({"action": CaseAction.APPROVE}, "ACTION_DIFFERS"),
        ({"officer_id": UUID(int=9)}, "OFFICER_ID_DIFFERS"),
        ({"disposition": Disposition.FALSE_POSITIVE}, "DISPOSITION_DIFFERS"),
        ({"disposition": None}, "DISPOSITION_DIFFERS"),
        ({"reason_sha256": "cd" * 32}, "REASON_SHA256_DIFFERS"),
    ],
)
def test_every_other_purpose_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(AssertionRefused, match=code):
        verify(ASSERTION, PUBLIC, replace(PURPOSE, **change), NOW)  # type: ignore[arg-type]


def test_it_expires_after_five_minutes() -> None:
    with pytest.raises(AssertionRefused, match="EXPIRED"):
        verify(ASSERTION, PUBLIC, PURPOSE, NOW + timedelta(minutes=5, seconds=1))


def test_one_from_the_future_is_refused() -> None:
    with pytest.raises(AssertionRefused, match="NOT_YET_VALID"):
        verify(ASSERTION, PUBLIC, PURPOSE, NOW - timedelta(seconds=31))


def test_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    with pytest.raises(AssertionRefused, match="SIGNATURE"):
        verify(ASSERTION, other, PURPOSE, NOW)


def test_changed_claims_are_refused() -> None:
    forged = mint(AssertionClaims(replace(PURPOSE, revision=5), "analyst", NOW), Ed25519PrivateKey.generate())
    with pytest.raises(AssertionRefused, match="SIGNATURE"):
        verify(forged.split(".")[0] + "." + ASSERTION.split(".")[1], PUBLIC, replace(PURPOSE, revision=5), NOW)


@pytest.mark.parametrize("assertion", ["", "a.b.c", "no dot", "é.é", ASSERTION.split(".")[0]])
def test_what_is_no_assertion_is_refused(assertion: str) -> None:
    with pytest.raises(AssertionRefused):
        verify(assertion, PUBLIC, PURPOSE, NOW)
