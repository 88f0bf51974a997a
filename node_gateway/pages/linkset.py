"""What a GS1 identifier leads to here: a link set, and one of its links.

Source: RFC 9264 (link sets); GS1-Conformant resolver standard 1.1; GS1 Web Vocabulary (link types).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node_gateway.pages.asking import HOME, Asked
from node_gateway.settings_pages import BrandSection
from node_gateway.web.words import LANGUAGES, say

VOCABULARY: Final = "https://ref.gs1.org/voc/"
CONTEXT: Final = "https://ref.gs1.org/standards/resolver/linkset-context"
MEDIA_TYPE: Final = "application/linkset+json"
DEFAULT: Final = "defaultLink"
PREFIXES: Final = ("gs1:", VOCABULARY, "https://gs1.org/voc/", "http://gs1.org/voc/")
_HTML, _JSON = "text/html", "application/json"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an identifier.

    Attributes:
        kind: Name of its type in the GS1 Web Vocabulary.
        href: Absolute.
        title: By language.
        form: Media type.
    """

    kind: str
    href: str
    title: Mapping[str, str]
    form: str = _HTML


def links_of(asked: Asked, base: str, brand: BrandSection, product: str) -> tuple[Link, ...]:
    """Return the links of an identifier; the first is the default.

    Args:
        asked: What is asked for.
        base: Address of this gateway, without a slash at its end.
        brand: What the company offers besides.
        product: GTIN of the identifier, empty if it has none.
    """
    page = f"{base}/c/{asked.path}"
    found = [Link(DEFAULT, page, _title("result.link.page"))]
    about = brand.link("product_page", product) if product else None
    found.append(Link("pip", about or page, _title("result.link.pip")))
    if leaflet := brand.link("leaflet", product) if product else None:
        found.append(Link("epil", leaflet, _title("result.brand.leaflet")))
    if certificates := brand.link("certificates", product) if product else None:
        found.append(Link("certificationInfo", certificates, _title("result.brand.certificates")))
    if asked.is_pack:
        found.append(Link("traceability", page, _title("result.journey")))
        found.append(Link("traceability", page, _title("result.link.json"), _JSON))
    if asked.is_pack or asked.is_product:
        found.append(Link("recallStatus", f"{page}#banner", _title("result.link.recalls")))
    if brand.show_epcis:
        found.append(Link("epcis", f"{base}/epcis", _title("result.link.epcis"), _JSON))
    return tuple(found)


def linkset(asked: Asked, base: str, links: Sequence[Link]) -> dict[str, Any]:
    """Return links as RFC 9264 writes them."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for one in links:
        kinds.setdefault(VOCABULARY + one.kind, []).append(
            {
                "href": one.href,
                "type": one.form,
                "title": one.title["en"],
                "title*": [
                    {"value": text, "language": language} for language, text in one.title.items()
                ],
                "hreflang": list(one.title),
            }
        )
    return {"linkset": [{"anchor": anchor_of(asked, base), **kinds}]}


def anchor_of(asked: Asked, base: str) -> str:
    """Return the Digital Link of an identifier at this resolver."""
    return f"{base}/{asked.code.removeprefix(HOME)}"


def kind_of(text: str) -> str:
    """Return the bare name of a link type that is written with a prefix, or as a whole URI."""
    for prefix in PREFIXES:
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    return text


def chosen(links: Sequence[Link], kind: str, language: str) -> Link | None:
    """Return the link of a kind that fits a reader; None if there is none."""
    found = [one for one in links if one.kind == kind]
    fitting = [one for one in found if language in one.title and one.form == _HTML]
    return next(iter(fitting or found), None)


def _title(key: str) -> dict[str, str]:
    return {language: say(language, key) for language in LANGUAGES}


__all__ = [
    "CONTEXT",
    "DEFAULT",
    "MEDIA_TYPE",
    "VOCABULARY",
    "Link",
    "anchor_of",
    "chosen",
    "kind_of",
    "links_of",
    "linkset",
]
