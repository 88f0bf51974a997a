"""Answer with the ORIGINAL merkletools, in the environment that this directory's lock describes.

JSON lines in: `{"leaf", "path": [{"left" | "right": hex}, ...], "root"}` asks whether
`validate_proof` accepts; `{"leaves": [hex, ...]}` asks for the root and every path. One JSON line
out for each.
"""

import json
import sys
import warnings

with warnings.catch_warnings():
    # Its import says that pysha3 is absent; SHA-256 comes from hashlib in any case.
    warnings.filterwarnings("ignore", message="sha3")
    import merkletools


def answer(question: dict) -> object:
    tree = merkletools.MerkleTools(hash_type="sha256")
    if "leaf" in question:
        return bool(tree.validate_proof(question["path"], question["leaf"], question["root"]))
    tree.add_leaf(question["leaves"])
    tree.make_tree()
    paths = [tree.get_proof(index) for index in range(tree.get_leaf_count())]
    return {"root": tree.get_merkle_root(), "paths": paths}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
