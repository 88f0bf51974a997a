"""Reading names and values of an event, as it was submitted or as it is stored.

The two readers give the same text for the same thing; which one is needed depends on whether
prefixes, bare words and identifiers still are in the sender's spelling.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from node_gateway.epcis.cbv import Vocabulary, bare_word
from node_gateway.epcis.event_hash.dialects import Dialect
from node_gateway.epcis.event_hash.scalars import may_be_number
from node_gateway.epcis.identifiers import IdentifierError, canonical_dl
from node_gateway.epcis.identifiers.spellings import Spellings
from node_gateway.epcis.names import OFFICIAL, Names
from node_gateway.epcis.normalise_errors import NormalisationError

_CBV: Final = "https://ref.gs1.org/cbv/"
_WORDS: Final[Mapping[Vocabulary, str]] = MappingProxyType(
    {
        "biz_step": _CBV + "BizStep-",
        "disposition": _CBV + "Disp-",
        "biz_transaction": _CBV + "BTT-",
        "source_destination": _CBV + "SDT-",
        "component": _CBV + "Comp-",
    }
)  # measurement and alert stand in the web vocabulary, whose namespace the dialects write two ways
_URN: Final = "urn:epcglobal:cbv:"
_URN_WORDS: Final = (
    ("urn:epcglobal:cbv:bizstep:", _CBV + "BizStep-"),
    ("urn:epcglobal:cbv:disp:", _CBV + "Disp-"),
    ("urn:epcglobal:cbv:btt:", _CBV + "BTT-"),
    ("urn:epcglobal:cbv:sdt:", _CBV + "SDT-"),
    ("urn:epcglobal:cbv:er:", _CBV + "ER-"),
)
# Official namespaces as they stand between braces; XML writes the first without a colon.
_SPACES: Final = MappingProxyType(
    {**OFFICIAL, "cbvmda": "urn:epcglobal:cbv:mda", "gs1": "https://ref.gs1.org/voc/"}
)
_WEB_VOCABULARY: Final = ("https://gs1.org/voc/", "https://ref.gs1.org/voc/")
_IDENTIFIERS: Final = ("urn:epc:", "http://", "https://")


class Reader:
    """Names and values of a stored event: normalised, so there is nothing left to look up."""

    __slots__ = ("_spaces", "dialect")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._spaces: Mapping[str, str] = dialect.spaces

    def within(self, context: Any) -> "Reader":
        """Return the reader that holds below `context`, the value of an `@context`."""
        del context  # a normalised event has none
        return self

    def key(self, name: str) -> str:
        """Return an extension's name as `{namespace}local`, any other as it is."""
        # JSON documents seldom define the official prefixes, and the old package leaves what the
        # context does not define.
        prefixed = self.dialect.official_prefixes and name.partition(":")[0] in _SPACES
        return name if prefixed else braced(name)

    def identifier(self, text: str) -> str:
        """Return an identifier of a thing, place or party, trimmed, in its canonical spelling."""
        return text if text.startswith("http") else self.plain(text)

    def word(self, vocabulary: Vocabulary, text: str) -> str:
        """Return a word of the CBV or the web vocabulary as its full URI."""
        word = bare_word(vocabulary, text)
        if word is not None:
            return _WORDS.get(vocabulary, self.dialect.web_vocabulary) + word
        text = self.plain(text)
        for space in _WEB_VOCABULARY:  # a term that is newer than our list
            if text.startswith(space):
                return self.dialect.web_vocabulary + text[len(space) :]
        return text

    def plain(self, text: str) -> str:
        """Return any other text, trimmed, in the spelling that its form asks for."""
        if not text:
            return text
        if may_be_number(text):
            return self.dialect.number(text)
        prefix, colon, local = text.partition(":")
        if not colon:
            return text
        space = self._spaces.get(prefix)
        if space is not None:
            text = space + local
        if _URN in text:
            for urn, iri in _URN_WORDS:
                text = text.replace(urn, iri)
        if text.startswith(_IDENTIFIERS):
            return self._link(text)
        return text

    def time(self, text: str) -> str:
        """Return a time in UTC with three decimals."""
        return self.dialect.time(text)

    def scalar(self, value: Any) -> str:
        """Return a number, boolean or null; null is nothing."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.dialect.true if value else self.dialect.false
        return self.dialect.number(str(value))

    def _link(self, text: str) -> str:
        return canonical_dl(text) or text


class DocumentReader(Reader):
    """Names and values of an event as it was submitted, inside the context of its document."""

    __slots__ = ("_keys", "_names", "_spellings")

    def __init__(self, dialect: Dialect, names: Names, spaces: Mapping[str, str]) -> None:
        super().__init__(dialect)
        self._names, self._spaces = names, spaces
        self._spellings = Spellings()
        self._keys: dict[str, str] = {}

    @classmethod
    def of(cls, dialect: Dialect, context: Any) -> "DocumentReader":
        """Return the reader of a document with this `@context`, None if it has none."""
        names = Names.official()
        if context is not None:
            names = names.within(context)
        return cls(dialect, names, {**_literal_spaces(context), **dialect.spaces})

    def within(self, context: Any) -> "Reader":
        """Return the reader that holds below `context`, the value of an `@context`."""
        spaces = {**self._spaces, **_literal_spaces(context), **self.dialect.spaces}
        return DocumentReader(self.dialect, self._names.within(context), spaces)

    def key(self, name: str) -> str:
        """Return an extension's name as `{namespace}local`, any other as it is."""
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = self._key(name)
        return found

    def identifier(self, text: str) -> str:
        """Return an identifier of a thing, place or party, trimmed, in its canonical spelling."""
        found = self._link(text)
        return found if found is not text else self.plain(text)

    def _key(self, name: str) -> str:
        try:
            full = self._names.member(name)
        except NormalisationError:  # nothing defines it: the text itself is all there is
            return name
        _, colon, local = name.partition(":")
        if full == name or not colon or not full.endswith(local) or ":" not in full:
            return braced(full)
        space = full[: -len(local)]
        return braced(full) if space.rstrip(":") in _SPACES else f"{{{space}}}{local}"

    def _link(self, text: str) -> str:
        try:
            return self._spellings.canonical(text)
        except IdentifierError:  # capture refuses it; for comparing, its form is enough
            return canonical_dl(text) or text


class LegacyReader(DocumentReader):
    """Names and values as the package of 2023 reads them: a prefix is what the context says.

    That package knows no prefix by itself, and writes out every prefix in values too.
    """

    __slots__ = ("_literal",)

    def __init__(self, dialect: Dialect, literal: Mapping[str, str]) -> None:
        super().__init__(dialect, Names.official(), literal)
        self._literal = literal

    @classmethod
    def of(cls, dialect: Dialect, context: Any) -> "LegacyReader":
        """Return the reader of a document with this `@context`, None if it has none."""
        return cls(dialect, _literal_spaces(context))

    def within(self, context: Any) -> "Reader":
        """Return the reader that holds below `context`, the value of an `@context`."""
        return LegacyReader(self.dialect, {**self._literal, **_literal_spaces(context)})

    def word(self, vocabulary: Vocabulary, text: str) -> str:
        """Return a bare word as its full URI; a URI or prefixed name as any other text."""
        return self.plain(text) if ":" in text else super().word(vocabulary, text)

    def _key(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        space = self._literal.get(prefix) if colon else None
        return name if space is None else f"{{{space}}}{local}"


def _literal_spaces(context: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            found |= {prefix: iri for prefix, iri in part.items() if isinstance(iri, str)}
    return found


def braced(name: str) -> str:
    """Return a full name as `{namespace}local`.

    Args:
        name: A full IRI, an official prefix with a local name, or a bare name, which stays.

    The local name of an IRI is what follows its last `/` or `#`, or its last `:` if it has
    neither. A namespace that ends otherwise cannot be told from the IRI.
    """
    prefix, colon, local = name.partition(":")
    if not colon:
        return name
    space = _SPACES.get(prefix)
    if space is not None:
        return f"{{{space}}}{local}"
    cut = max(name.rfind("/"), name.rfind("#")) + 1 or name.rfind(":") + 1
    return f"{{{name[:cut]}}}{name[cut:]}"
