"""The tree functions against RFC 6962's own recursive definitions and the published test vectors of its reference."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import merkle

# The leaves and roots of the reference implementation's test (certificate-transparency, merkletree).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def leaves(count: int) -> list[bytes]:
    return [merkle.hash_leaf(str(number).encode()) for number in range(count)]


def nodes(hashes: list[bytes], place: tuple[int, int]) -> bytes:
    level, index = place
    return mth(hashes[index << level : index + 1 << level])


def folded(hashes: list[bytes], path: list[list[tuple[int, int]]]) -> list[bytes]:
    return [merkle.fold_peaks([nodes(hashes, place) for place in places]) for places in path]


def test_published_roots() -> None:
    hashes = [merkle.hash_leaf(bytes.fromhex(entry)) for entry in INPUTS]
    for size, expected in enumerate(ROOTS, start=1):
        assert merkle.root(hashes[:size]).hex() == expected
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.integers(0, 300))
def test_root_is_that_of_the_recursive_definition(size: int) -> None:
    hashes = leaves(size)
    assert merkle.root(hashes) == mth(hashes)
    peaks = [nodes(hashes, place) for place in merkle.peak_positions(size)]
    assert merkle.fold_peaks(peaks) == mth(hashes)


@given(st.integers(1, 150).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_leaf_is_proven_and_no_other(case: tuple[int, int]) -> None:
    size, index = case
    hashes = leaves(size)
    root = mth(hashes)
    proof = folded(hashes, merkle.inclusion_path(index, size))
    assert merkle.verify_inclusion(hashes[index], index, size, proof, root)
    assert not merkle.verify_inclusion(merkle.hash_leaf(b"other"), index, size, proof, root)
    assert not merkle.verify_inclusion(hashes[index], index, size, [*proof, root], root)
    for wrong in {index - 1, index + 1, index + size} - {index}:
        assert not merkle.verify_inclusion(hashes[index], wrong, size, proof, root)
    for position in range(len(proof)):
        broken = [*proof]
        broken[position] = bytes([broken[position][0] ^ 1]) + broken[position][1:]
        assert not merkle.verify_inclusion(hashes[index], index, size, broken, root)
        assert not merkle.verify_inclusion(hashes[index], index, size, proof[:position] + proof[position + 1 :], root)


@given(st.integers(1, 150).flatmap(lambda size: st.tuples(st.integers(1, size), st.just(size))))
def test_a_longer_tree_is_proven_to_append_only(case: tuple[int, int]) -> None:
    old, new = case
    hashes = leaves(new)
    proof = folded(hashes, merkle.consistency_path(old, new))
    assert merkle.verify_consistency(old, new, mth(hashes[:old]), mth(hashes), proof)
    rewritten = [merkle.hash_leaf(b"rewritten"), *hashes[1:]]
    assert not merkle.verify_consistency(old, new, mth(rewritten[:old]), mth(hashes), proof)
    assert not merkle.verify_consistency(old, new, mth(hashes[:old]), mth(rewritten), proof)
    assert not merkle.verify_consistency(old, new, mth(hashes[:old]), mth(hashes), [*proof, mth(hashes)])
    for position in range(len(proof)):
        assert not merkle.verify_consistency(
            old, new, mth(hashes[:old]), mth(hashes), proof[:position] + proof[position + 1 :]
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_no_path_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        merkle.inclusion_path(index, size)
    assert not merkle.verify_inclusion(bytes(32), index, size, [], bytes(32))


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1)])
def test_no_consistency_with_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError):
        merkle.consistency_path(old, new)
    assert not merkle.verify_consistency(old, new, merkle.EMPTY_ROOT, bytes(32), [])
