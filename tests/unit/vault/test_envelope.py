"""What is sealed opens with the same key and context, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.envelope import SealBroken, new_data_key, new_key_pair, open_sealed, open_sealed_to, seal, seal_to

KEY = bytes(range(32))


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens(plaintext: bytes, context: bytes) -> None:
    sealed = seal(KEY, plaintext, context)
    assert open_sealed(KEY, sealed, context) == plaintext
    assert len(sealed) == len(plaintext) + 29
    assert seal(KEY, plaintext, context) != sealed


def test_every_flipped_byte_is_noticed() -> None:
    sealed = seal(KEY, b"birth date", b"applicant")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(SealBroken):
            open_sealed(KEY, bytes(altered), b"applicant")


@pytest.mark.parametrize(("key", "context"), [(new_data_key(), b"applicant"), (KEY, b"other"), (KEY, b"")])
def test_another_key_or_context_does_not_open(key: bytes, context: bytes) -> None:
    with pytest.raises(SealBroken):
        open_sealed(key, seal(KEY, b"x", b"applicant"), context)


@pytest.mark.parametrize("cut", [0, 1, 12, 28])
def test_a_truncated_seal_does_not_open(cut: int) -> None:
    with pytest.raises(SealBroken):
        open_sealed(KEY, seal(KEY, b"", b"c")[:cut], b"c")


def test_only_the_holder_of_the_private_key_opens() -> None:
    private, public = new_key_pair()
    sealed = seal_to(public, b"file this", b"filing")
    assert open_sealed_to(private, sealed, b"filing") == b"file this"
    for wrong in (
        lambda: open_sealed_to(new_key_pair()[0], sealed, b"filing"),
        lambda: open_sealed_to(private, sealed, b"other"),
        lambda: open_sealed_to(private, sealed[:-1], b"filing"),
        lambda: open_sealed_to(private, sealed[:20], b"filing"),
        lambda: open_sealed_to(private, b"\x02" + bytes(32) + sealed[33:], b"filing"),
        lambda: open_sealed_to(private, seal(KEY, b"x", b"filing"), b"filing"),
    ):
        with pytest.raises(SealBroken):
            wrong()
