"""The Merkle tree of RFC 6962 (section 2.1) in pure functions: roots, inclusion and consistency proofs.

Separate because the tree knows nothing of databases; the verifier's copy is checked against it.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """MTH over hashes of leaves; the hash of nothing for an empty tree."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        # An odd node at the end moves up unchanged: the same as RFC 6962's split at the largest power of two.
        above = [hash_children(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root of a tree from the roots of its complete subtrees, largest first."""
    if not peaks:
        return EMPTY_ROOT
    node = peaks[-1]
    for peak in reversed(peaks[:-1]):
        node = hash_children(peak, node)
    return node


def peak_positions(size: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that a tree of `size` leaves consists of, largest first."""
    positions, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            positions.append((level, start >> level))
            start += 1 << level
    return positions


def inclusion_path(index: int, size: int) -> list[list[tuple[int, int]]]:
    """What PATH(index, D[size]) consists of, from the leaf upwards: each element names the complete subtrees
    (level, index), largest first, whose folded root is one hash of the proof. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    return _path(index, 0, size)


def _path(index: int, start: int, size: int) -> list[list[tuple[int, int]]]:
    if size == 1:
        return []
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return [*_path(index, start, split), _range(start + split, size - split)]
    return [*_path(index - split, start + split, size - split), _range(start, split)]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(index, D[n]) for a small tree whose leaves are all at hand."""
    return [
        fold_peaks([root(leaf_hashes[place << level : place + 1 << level]) for level, place in places])
        for places in inclusion_path(index, len(leaf_hashes))
    ]


def consistency_path(old: int, new: int) -> list[list[tuple[int, int]]]:
    """What PROOF(old, D[new]) consists of, as in `inclusion_path`. Raises ValueError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency between trees of {old} and {new}")
    return _subproof(old, 0, new, True)


def _subproof(old: int, start: int, size: int, complete: bool) -> list[list[tuple[int, int]]]:
    if old == size:
        return [] if complete else [_range(start, size)]
    split = 1 << (size - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(old, start, split, complete), _range(start + split, size - split)]
    return [*_subproof(old - split, start + split, size - split, False), _range(start, split)]


def _range(start: int, size: int) -> list[tuple[int, int]]:
    # `start` is a multiple of every power of two in `size`, by construction of the tree.
    nodes = []
    for level, index in peak_positions(size):
        nodes.append((level, index + (start >> level)))
    return nodes


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether the leaf is at `index` in the tree of `size` with that root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, position = leaf_hash, size - 1, index
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = hash_children(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = hash_children(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == expected_root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new` leaves only appends to that of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older = hash_children(sibling, older)
            newer = hash_children(sibling, newer)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            newer = hash_children(newer, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and older == old_root and newer == new_root
