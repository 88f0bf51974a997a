"""One pass over a document: names resolved, problems kept with their places.

The rules say what becomes of a standard member's value; see members.py for the tables.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from node_gateway.epcis.errors import pointer_to
from node_gateway.epcis.identifiers.spellings import Spellings
from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import DocumentRefusedError, NormalisationError

Path: TypeAlias = tuple[str | int, ...]
Rule: TypeAlias = Callable[["Walk", Any, Names, Path], Any]
Rules: TypeAlias = Mapping[str, Rule | None]

ERROR_COUNT_MAX: Final = 20
_KEYWORDS: Final = frozenset({"@id", "@type", "@graph"})


class Walk:
    """One pass over one document: the problems found, and the identifiers already converted."""

    __slots__ = ("_errors", "_spellings", "_standard_names")

    def __init__(self, standard_names: Collection[str]) -> None:
        self._errors: list[NormalisationError] = []
        self._spellings = Spellings()
        self._standard_names = standard_names

    def finish(self) -> None:
        """Raise DocumentRefusedError if there was any problem."""
        if self._errors:
            raise DocumentRefusedError(self._errors)

    def refuse(self, error: NormalisationError, path: Path) -> None:
        """Keep a problem under its place; the twentieth ends the pass."""
        error.pointer = pointer_to(*path)
        self._errors.append(error)
        if len(self._errors) >= ERROR_COUNT_MAX:
            self.finish()

    def members(
        self, rules: Rules, source: Mapping[str, Any], names: Names, path: Path
    ) -> dict[str, Any]:
        """Return an object of the standard normalised; problems are kept for `finish`.

        Args:
            rules: What becomes of the value of each standard member; None drops the member. Any
                other member is an extension.
            source: The object.
            names: The names that hold around it.
            path: Where it stands in the document.

        Raises:
            DocumentRefusedError: there are too many problems to go on.
        """
        if "@context" in source:
            names = names.within(source["@context"])
        normalised: dict[str, Any] = {}
        for key, value in source.items():
            rule = rules.get(key)
            if rule is not None:
                self._put(normalised, key, rule(self, value, names, (*path, key)), path, key)
            elif key != "@context" and key not in rules:
                self._extend(normalised, key, value, names, path, strict=True)
        return normalised

    def extension(self, value: Any, names: Names, path: Path) -> Any:
        """Normalise the names inside an extension's value."""
        if isinstance(value, dict):
            if "@context" in value:
                names = names.within(value["@context"])
            normalised: dict[str, Any] = {}
            for key, inner in value.items():
                if key != "@context":
                    self._extend(normalised, key, inner, names, path, strict=False)
            return normalised
        if isinstance(value, list):
            return [self.extension(inner, names, (*path, i)) for i, inner in enumerate(value)]
        return value

    def identifier(self, text: str, names: Names) -> str:
        """Return the canonical spelling of an identifier.

        Raises:
            IdentifierError: it claims to be a GS1 identifier or drug code and is malformed.
        """
        return self._spellings.canonical(names.value(text))

    def _extend(
        self,
        normalised: dict[str, Any],
        key: str,
        value: Any,
        names: Names,
        path: Path,
        *,
        strict: bool,
    ) -> None:
        here = (*path, key)
        try:
            name = names.member(key)
            if strict:
                self._check_extension_name(name)
        except NormalisationError as error:
            self.refuse(error, here)
            return
        self._put(normalised, name, self.extension(value, names, here), path, key)

    def _put(self, normalised: dict[str, Any], name: str, value: Any, path: Path, key: str) -> None:
        if name in normalised and _differ(normalised[name], value):
            self.refuse(
                NormalisationError(
                    f"another member means {name!r} too, with another value", code="name_clash"
                ),
                (*path, key),
            )
            return
        normalised[name] = value

    def _check_extension_name(self, name: str) -> None:
        """Refuse what would say again, or otherwise, what a standard member says."""
        plain = name.removeprefix("epcis:")
        if name in _KEYWORDS or (plain != name and plain in self._standard_names):
            raise NormalisationError(
                "standard members are written by their bare name alone, so that no second "
                "spelling can contradict them",
                code="reserved_name",
                hint=None if name in _KEYWORDS else f"write {plain!r}, or use a name of your own",
            )
        if ":" not in name and not name.startswith("@") and name not in self._standard_names:
            raise NormalisationError(
                f"no inline context defines the bare name {name!r}",
                code="unknown_prefix",
                hint="give it a prefix and define that in the document's own @context",
            )


def _differ(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)
