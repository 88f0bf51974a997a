"""Our trees are those of merkletools, old and new; and why merkletools is not our verifier."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from blockcerts_merkletools import MerkleTools

from anchoring.core import merkle
from anchoring.errors import ProofShapeError
from anchoring.second_opinion import stock_accepts, stock_path

ROOT = Path(__file__).resolve().parent.parent.parent
ORIGINAL = ROOT / ".cache" / "original-merkletools" / "bin" / "python"
SIZES = [*range(1, 71), 256, 1000]


def leaves_of(size: int) -> list[bytes]:
    entries = sorted(sha256(b"%d of %d" % (n, size)).digest() for n in range(size))
    return [merkle.leaf_hash(entry) for entry in entries]


def ours(size: int) -> list[bytes]:
    return merkle.build_levels(b"".join(leaves_of(size)))


def ask_original(*questions: dict[str, Any]) -> list[Any]:
    """Answers of the original merkletools 1.0.3, in its own environment."""
    done = subprocess.run(
        [ORIGINAL, "-W", "error", ROOT / "tests/compat/original_merkletools/answer.py"],
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def ask_maintained(question: dict[str, Any]) -> Any:
    """The same question to the maintained release."""
    tree = MerkleTools()
    if "leaf" in question:
        return tree.validate_proof(question["path"], question["leaf"], question["root"])
    tree.add_leaf(question["leaves"])
    tree.make_tree()
    paths = [tree.get_proof(index) for index in range(tree.get_leaf_count())]
    return {"root": tree.get_merkle_root(), "paths": paths}


def both_accept(leaf: bytes, path: list[dict[str, str]], root: bytes) -> bool:
    """What both libraries say; they must agree."""
    question = {"leaf": leaf.hex(), "path": path, "root": root.hex()}
    answers = {ask_maintained(question), *ask_original(question)}
    assert len(answers) == 1
    return answers.pop()


def test_the_oracle_is_the_original_release() -> None:
    query = "import importlib.metadata as m; print(m.version('merkletools'))"
    done = subprocess.run([ORIGINAL, "-c", query], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.0.3"


def test_roots_and_paths_are_those_of_both_libraries_at_every_size() -> None:
    questions = [{"leaves": [leaf.hex() for leaf in leaves_of(size)]} for size in SIZES]
    answers = ask_original(*questions)
    for size, question, original in zip(SIZES, questions, answers, strict=True):
        levels = ours(size)
        paths = [
            stock_path(merkle.path(levels, index), index=index, size=size) for index in range(size)
        ]
        expected = {"root": merkle.tree_root(levels).hex(), "paths": paths}
        assert original == expected, size
        assert ask_maintained(question) == expected, size


def test_both_libraries_accept_our_paths_over_recomputed_leaves() -> None:
    questions = []
    for size in SIZES:
        levels = ours(size)
        root = merkle.tree_root(levels)
        for index in {0, size // 3, size // 2, size - 1}:
            leaf, path = leaves_of(size)[index], merkle.path(levels, index)
            assert merkle.root_from_path(leaf, path, index=index, size=size) == root
            assert stock_accepts(leaf, path, index, size, root)
            stock = stock_path(path, index=index, size=size)
            questions.append({"leaf": leaf.hex(), "path": stock, "root": root.hex()})
    assert len(questions) > 250
    assert ask_original(*questions) == [True] * len(questions)


def test_both_libraries_refuse_another_leaf_sibling_and_root() -> None:
    levels, size, index = ours(13), 13, 6
    leaf, path, root = leaves_of(13)[index], merkle.path(levels, index), merkle.tree_root(levels)
    wrong = bytes(32)
    for one in (
        (wrong, path, root),
        (leaf, [wrong, *path[1:]], root),
        (leaf, [*path[:-1], wrong], root),
        (leaf, path, wrong),
    ):
        assert not stock_accepts(one[0], one[1], index, size, one[2])
        stock = stock_path(one[1], index=index, size=size)
        assert not both_accept(one[0], stock, one[2])


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, 8)])
def test_no_opinion_is_asked_where_no_such_path_exists(index: int, size: int) -> None:
    with pytest.raises(ProofShapeError):
        stock_path([bytes(32)] * 2, index=index, size=size)


# --- what stock merkletools cannot see: each accepted there, refused here


def test_stock_takes_siblings_of_any_length_and_we_do_not() -> None:
    """A 64-byte node preimage may be cut anywhere, and a longer one made."""
    leaf, other = leaves_of(2)
    whole, root = leaf + other, merkle.tree_root(ours(2))
    longer = other + b"and more"
    for start, sibling, implied in (
        (whole[:31], whole[31:], root),
        (whole[:63], whole[63:], root),
        (leaf, longer, sha256(leaf + longer).digest()),
    ):
        assert both_accept(start, [{"right": sibling.hex()}], implied)
        with pytest.raises(ProofShapeError):
            merkle.root_from_path(start, [sibling], index=0, size=2)


def test_stock_knows_no_size_and_we_take_it_from_the_anchor() -> None:
    """One path fits two sizes: (4, 5) and (1, 2) give equal roots."""
    levels = ours(5)
    leaf, path, root = leaves_of(5)[4], merkle.path(levels, 4), merkle.tree_root(levels)
    as_last_of_two = stock_path(path, index=1, size=2)
    assert as_last_of_two == stock_path(path, index=4, size=5)
    assert both_accept(leaf, as_last_of_two, root)
    with pytest.raises(ProofShapeError):
        merkle.root_from_path(leaf, path, index=1, size=5)
    with pytest.raises(ProofShapeError):
        merkle.root_from_path(leaf, path, index=4, size=4)


def test_stock_knows_no_index_and_we_refuse_another() -> None:
    levels = ours(16)
    leaf, path, root = leaves_of(16)[5], merkle.path(levels, 5), merkle.tree_root(levels)
    assert both_accept(leaf, stock_path(path, index=5, size=16), root)  # nothing there says "5"
    for index in (i for i in range(16) if i != 5):
        assert merkle.root_from_path(leaf, path, index=index, size=16) != root


def test_stock_takes_an_inner_node_for_a_leaf_and_we_do_not() -> None:
    levels = ours(16)
    root = merkle.tree_root(levels)
    inner = merkle.node_at(levels[2], 1)  # four leaves below it
    path = merkle.path(levels, 4)[2:]
    stock = [{"left": path[0].hex()}, {"right": path[1].hex()}]
    assert both_accept(inner, stock, root)
    for index in range(16):
        with pytest.raises(ProofShapeError):
            merkle.root_from_path(inner, path, index=index, size=16)
    assert both_accept(root, [], root)
    with pytest.raises(ProofShapeError):
        merkle.root_from_path(root, [], index=0, size=16)


def test_stock_takes_a_path_planted_by_the_builder_and_we_do_not() -> None:
    """Whoever builds a tree can hide an entry below a leaf; the count of leaves shows none of it.

    Of three slots the last is H(leaf(hidden) || other): stock accepts one sibling more for it.
    """
    hidden = merkle.leaf_hash(sha256(b"hidden").digest())
    other = sha256(b"other").digest()
    leaves = [*leaves_of(3)[:2], merkle.node_hash(hidden, other)]
    levels = merkle.build_levels(b"".join(leaves))
    root, honest = merkle.tree_root(levels), merkle.path(levels, 2)
    stock = [{"right": other.hex()}, *stock_path(honest, index=2, size=3)]
    assert both_accept(hidden, stock, root)
    for index in range(3):
        for path in ([other, *honest], honest):
            try:
                computed = merkle.root_from_path(hidden, path, index=index, size=3)
            except ProofShapeError:
                continue
            assert computed != root


def test_the_leaf_rule_is_ours_to_apply_before_stock_is_asked() -> None:
    """Stock hashes nothing at the leaf, so it must be given a leaf that we recomputed."""
    levels = ours(4)
    entry = sorted(sha256(b"%d of %d" % (n, 4)).digest() for n in range(4))[0]
    root, path = merkle.tree_root(levels), merkle.path(levels, 0)
    stock = stock_path(path, index=0, size=4)
    assert both_accept(merkle.leaf_hash(entry), stock, root)
    assert not both_accept(entry, stock, root)
    assert merkle.root_from_path(entry, path, index=0, size=4) != root
