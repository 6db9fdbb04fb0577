"""Roots and proofs, held to certificate transparency's own vectors."""

from hypothesis import given
from hypothesis import strategies as st

from shared.merkle import proof, root, root_from

VECTORS = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LAST = bytes.fromhex("606162636465666768696a6b6c6d6e6f")

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def test_roots_are_those_of_certificate_transparency() -> None:
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(VECTORS[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root([*VECTORS, LAST]).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(leaves, st.data())
def test_a_proof_leads_from_each_leaf_to_the_root(many: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(many) - 1))
    assert root_from(many[index], index, len(many), proof(many, index)) == root(many)


@given(leaves, st.data())
def test_no_other_leaf_place_or_path_leads_there(many: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(many) - 1))
    path = proof(many, index)
    assert root_from(many[index] + b"!", index, len(many), path) != root(many)
    assert root_from(many[index], index, len(many), [*path, b"0" * 32]) is None
    assert root_from(many[index], len(many), len(many), path) is None
    if path:
        assert root_from(many[index], index, len(many), path[:-1]) is None
        assert root_from(many[index], index, len(many), [b"0" * 32, *path[1:]]) != root(many)
