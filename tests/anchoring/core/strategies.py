"""Random events, as Hypothesis draws them."""

from hypothesis import strategies as st

from anchoring.core.canonical import INTEGER_MAX

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NAME = TEXT.filter(lambda name: not name.startswith("sealtrail:"))
SCALAR = st.one_of(
    TEXT,
    st.none(),
    st.booleans(),
    st.integers(-INTEGER_MAX, INTEGER_MAX),
    st.floats(-1e9, 1e9, allow_subnormal=True),
    st.just({}),
    st.just([]),
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=8,
)
WORD = st.text(st.characters(codec="utf-8", exclude_characters=" "), min_size=1, max_size=8).filter(
    lambda word: word != "-"
)
CODES = st.lists(TEXT, max_size=6)
SECRET = st.binary(min_size=32, max_size=32)
DERIVED = st.dictionaries(
    st.from_regex(r"sealtrail:[a-z][a-z0-9-]{0,5}", fullmatch=True).filter(
        lambda path: path != "sealtrail:act"
    ),
    TEXT,
    max_size=3,
)
RESERVED = {"type", "action", "bizStep", "disposition"}
RESERVED |= {"epcList", "childEPCs", "inputEPCList", "outputEPCList"}

EVENT = st.builds(
    lambda required, optional, members: {**members, **optional, **required},
    st.fixed_dictionaries({"type": WORD}),
    st.fixed_dictionaries(
        {},
        optional={
            "action": WORD,
            "bizStep": WORD,
            "disposition": WORD,
            "errorDeclaration": VALUE,
            "epcList": CODES,
            "outputEPCList": CODES,
        },
    ),
    st.dictionaries(NAME.filter(lambda name: name not in RESERVED), VALUE, max_size=6),
)
