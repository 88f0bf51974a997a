"""The JavaScript verifier refuses every single defect, each by its own code."""

from tests.js.forged_documents import honest
from tests.js.forgeries import all_forgeries
from tests.js.node_verifier import codes_of, raw, seen_on_chain

# All that a verifier without a network of witnesses can say; a text that stands twice as a whole
# is `duplicate_path` or `duplicate_code` before it could be `duplicate_entry`.
CODES = """
    bundle_too_large bom not_utf8 too_deep not_json duplicate_member number_form lone_surrogate
    bundle_shape format_unknown hash_form
    anchor_values participant_stream_mismatch fields_size index_order index_range
    disclosure_too_long disclosure_encoding disclosure_not_utf8 disclosure_json number_range
    disclosure_shape salt_form disclosure_not_canonical path_form reserved_name item_kind
    duplicate_path duplicate_code path_prefix path_conflict
    act_missing act_form inconsistent
    proof_shape codes_root_mismatch root_mismatch
    entry_repeated
    anchor_not_found record_mismatch
    """


def test_the_forgeries_are_honest_apart_from_their_defect() -> None:
    document, anchor = honest()
    assert codes_of({"it": (raw(document), seen_on_chain(anchor))}) == {"it": None}


def test_every_defect_is_refused_by_its_code() -> None:
    forgeries = all_forgeries()
    assert {code for _, _, code in forgeries.values()} == set(CODES.split())
    found = codes_of({name: (text, chain) for name, (text, chain, _) in forgeries.items()})
    assert found == {name: code for name, (_, _, code) in forgeries.items()}
