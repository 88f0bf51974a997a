"""Bundles that every verifier refuses, with the code."""

from . import forged_items, forged_proofs, forged_text
from .cases import Case


def invalid_cases() -> list[Case]:
    """All of proof_invalid.json, in the order of the steps."""
    return [
        *forged_text.text_cases(),
        *forged_text.shape_cases(),
        forged_text.second_is_refused(),
        *forged_text.number_cases(),
        *forged_items.disclosure_cases(),
        *forged_items.place_cases(),
        *forged_items.set_cases(),
        *forged_items.meaning_cases(),
        *forged_proofs.tree_cases(),
        *forged_proofs.set_cases(),
        *forged_proofs.chain_cases(),
    ]
