"""Canonical spellings inside one document, where many codes differ in nothing but their serial."""

from typing import Final

from node_gateway.epcis.identifiers import canonical_identifier

_SERIAL_LENGTH_MAX: Final = 20
# What stands before the serial: `urn:epc:id:sgtin:<prefix>.<reference>.` and
# `https://id.gs1.org/01/<14 digits>/21/`.
_URN: Final = "urn:epc:id:sgtin:"
_LINK: Final = "https://id.gs1.org/01/"
_SERIAL: Final = "/21/"


class Spellings:
    """Remembers what it converted, and the part of a serialised GTIN that its siblings share.

    The full rules run for the first code of a product; for the next only the serial is looked at,
    as long as it is letters and digits and so the same in every spelling.
    """

    __slots__ = ("_heads", "_known")

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def canonical(self, text: str) -> str:
        """Return what `canonical_identifier` returns.

        Raises:
            IdentifierError: as there.
        """
        head, serial = _split(text)
        if serial:
            start = self._heads.get(head)
            if start is not None:
                return start + serial
        found = self._known.get(text)
        if found is None:
            found = canonical_identifier(text)
            # A quoted serial holds no slash, so here the serial is all that follows the head.
            if serial and found.endswith(_SERIAL + serial):
                self._heads[head] = found[: -len(serial)]
            else:
                self._known[text] = found
        return found


def _split(text: str) -> tuple[str, str]:
    """Return what precedes a plain serial, and the serial; empty if there is none."""
    if text.startswith(_URN):
        head, _, serial = text.rpartition(".")
    elif text.startswith(_LINK):
        head, _, serial = text.rpartition("/")
        if head[-3:] != "/21" or "?" in head or "#" in head:  # behind these no path goes on
            return "", ""
    else:
        return "", ""
    plain = serial.isalnum() and serial.isascii() and len(serial) <= _SERIAL_LENGTH_MAX
    return (head, serial) if plain else ("", "")
