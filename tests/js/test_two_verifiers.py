"""The Python and the JavaScript verifier, written apart, say the same about the same bytes."""

from collections.abc import Mapping

from anchoring.core.verify import check_bundles, check_record
from anchoring.errors import AnchoringError
from tests.js.forgeries import all_forgeries
from tests.js.mutations import honest_documents, mutations
from tests.js.node_verifier import Chain, codes_of, raw, seen_on_chain


def python_code(text: bytes, chain: Chain) -> str | None:
    """The code by which the library refuses; None if it verifies."""
    registry = bytes.fromhex(chain["registry"][2:])
    try:
        for checked in check_bundles(text):
            anchor = checked.bundle.anchor
            held = chain["slots"].get(f"{anchor.stream}/{anchor.sequence}") or chain["slot"]
            slot = bytes.fromhex(held[2:]) if held else bytes(32)
            check_record(checked, chain_id=chain["chainId"], registry=registry, slot=slot)
    except AnchoringError as error:
        return error.code
    return None


def python_codes(cases: Mapping[str, tuple[bytes, Chain]]) -> dict[str, str | None]:
    return {name: python_code(*case) for name, case in cases.items()}


def test_every_defect_has_the_same_code_in_both() -> None:
    cases = {name: (text, chain) for name, (text, chain, _) in all_forgeries().items()}
    assert python_codes(cases) == codes_of(cases)
