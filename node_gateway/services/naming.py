"""Find a party or a place by what people write: a GLN, an identifier, a name of the master data."""

from __future__ import annotations

import re
from typing import Final

from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.errors import ParameterError
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import Kind

_GLN: Final = re.compile("[0-9]{13}")
_DOMAIN: Final = "https://id.gs1.org"
_URI: Final = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")


class Naming:
    """Looks names up in the master data."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def party(self, text: str) -> str:
        """Return the canonical identifier of a party.

        Raises:
            EpcisError: an identifier that is malformed.
            ParameterError: a name that the master data do not know, or that several have.
        """
        return self._found(text, "417", "party")

    def place(self, text: str) -> str:
        """Return the canonical identifier of a place; errors as `party`."""
        return self._found(text, "414", "location")

    def _found(self, text: str, key: str, kind: Kind) -> str:
        text = text.strip()
        if _GLN.fullmatch(text):
            return canonical_identifier(f"{_DOMAIN}/{key}/{text}")
        if _URI.match(text):
            return canonical_identifier(text)
        known = self._directory.party_named(text)
        if known is not None:
            return known.id
        called = self._directory.called(kind, text)
        if len(called) == 1:
            return called[0]
        shown = f"sealtrail {kind} list shows what is known."
        if called:
            raise ParameterError(
                f"{len(called)} records are called {text[:80]!r}, such as {called[0]}",
                code="party_ambiguous",
                hint=f"Give the GLN or identifier; {shown}",
            )
        raise ParameterError(
            f"{text[:80]!r} is no GLN, no identifier and no known name",
            code="party_unknown",
            hint=shown,
        )
