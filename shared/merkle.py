"""A Merkle tree as certificate transparency has it (RFC 9162, section 2.1): a root that stands for many leaves,
and a short proof that one of them is among them.

No library: the one on PyPI with this tree (pymerkle) keeps its leaves in a store of its own, and the RFC's
recursion is shorter than the code that would fill it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf; the byte before it keeps a leaf from being passed off as an inner node."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over the leaves in their order; of none, the hash of nothing."""
    return _root([leaf_hash(leaf) for leaf in leaves]) if leaves else hashlib.sha256(b"").digest()


def _root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return _node(_root(hashes[:split]), _root(hashes[split:]))


def proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The sister hashes from the leaf at `index` up to the root. Raises IndexError where there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    return _proof([leaf_hash(leaf) for leaf in leaves], index)


def _proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*_proof(hashes[:split], index), _root(hashes[split:])]
    return [*_proof(hashes[split:], index - split), _root(hashes[:split])]


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to, or None where the path has not the length that index and size ask for."""
    turns = []
    first, last = 0, size
    while last - first > 1:
        split = first + _split(last - first)
        turns.append(index >= split)
        first, last = (split, last) if index >= split else (first, split)
    if not 0 <= index < size or len(turns) != len(path):
        return None
    found = leaf_hash(leaf)
    for right, sister in zip(reversed(turns), path, strict=True):
        found = _node(sister, found) if right else _node(found, sister)
    return found
