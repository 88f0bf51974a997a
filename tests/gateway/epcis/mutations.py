"""Small damage to EPCIS documents, by one seeded generator, for comparing two verdicts on it.

A mutation takes what schemas look at: members, types, words, formats, lists, and the kind of the
record itself. Members and values are also taken from other documents, so that parts stand where
they do not belong.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

EVENT_TYPES = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)
TYPES = (*EVENT_TYPES, "EPCISDocument", "EPCISQueryDocument", "example:Event", "Event", "", None)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
NAMES = ("foo", "example:foo", "a b", "x:", ":x", "é:x", "@id", "@type", "id", "rdfs:comment", "")
SCALARS = (None, True, False, 0, 1, -2.5, "", "x", [], {}, [[]], [{}], {"id": "urn:a:b"}, [None])
TEXTS = (
    *("2026-03-01T09:30:00.000+08:00", "2026-03-01T09:30:00Z", "2026-03-01T09:30:00"),
    *("2026-02-30T09:30:00Z", "2026-03-01t09:30:00z", "2026-03-01", "2026-03-01 09:30:00Z"),
    *("2026-06-30T23:59:60Z", "2026-03-01T24:00:00Z", "2026-03-01T09:30:00+24:00", "0000-01-01T0Z"),
    *("+08:00", "-03:30", "+14:00", "+14:01", "+8:00", "Z", "08:00", "+00:00\n", "-14:00"),
    *("urn:a:b", "a:", "a", "https://id.gs1.org/01/09506000134352", "http://a b", "https://é.org/"),
    *("urn:epcglobal:cbv:bizstep:shipping", "https://ns.gs1.org/cbv/BizStep-shipping", "cbv:x"),
    *("http://ns.gs1.org/cbv/Disp-active", "https://ns.gs1.org/cbv", "URN:EPCGLOBAL:CBV:x"),
    *("https://gs1.org/voc/Temperature", "http://www.gs1.org/voc/Mass", "gs1:Temperature"),
    *("https://ref.gs1.org/cbv/BizStep-shipping", "/relative", "//a/b", "a:b#c#d", "a:%zz"),
    *("2.0", "2", "2.", "v2", "2.0.0.1", "\N{ARABIC-INDIC DIGIT TWO}", "1\n", "0A1F", "0x1F"),
    *("KGM", "KG", "kgm", "K", "KGMX", "ADD", "OBSERVE", "DELETE", "add", "ADD ", "ADDED"),
    *("a:%41", "http://[::1]/", "http://[::1", "a:\0"),
)


def slots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with every key of it, `value` itself and all below."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from slots(value[key])


def words_of(schema: Any) -> list[str]:
    """Return every word that an `enum` of the schema lists."""
    return sorted({w for holder, key in slots(schema) if key == "enum" for w in holder[key]})


def events_of(document: Any) -> list[Any]:
    body = document.get("epcisBody") if isinstance(document, dict) else None
    if isinstance(body, dict) and isinstance(body.get("queryResults"), dict):
        body = body["queryResults"].get("resultsBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    return events if isinstance(events, list) else []


class Mutator:
    """Damages documents with members and values taken from `documents` and `words`."""

    def __init__(self, documents: list[Any], words: list[str], *, seed: int) -> None:
        self._random = Random(seed)
        self._words = [*words, *TEXTS]
        self._values: dict[str, list[Any]] = defaultdict(list)
        for document in documents:
            for holder, key in slots(document):
                if isinstance(key, str) and len(self._values[key]) < 200:
                    self._values[key].append(holder[key])
        self._names = sorted(self._values)
        self._steps = (
            *(self._replace, self._replace, self._retext, self._retext, self._delete, self._delete),
            *(self._rename, self._add, self._graft, self._graft, self._regraft, self._regraft),
            *(self._repeat, self._empty, self._wrap, self._retype, self._retype, self._recast),
        )

    def mutate(self, document: Any) -> Any:
        """Return a damaged copy; of many events it mostly keeps one, to damage it more often."""
        events = events_of(document)
        if len(events) > 1 and self._random.random() < 0.8:
            kept = self._random.choice(events)
            events_before, events[:] = list(events), [kept]
            damaged = copy.deepcopy(document)
            events[:] = events_before
        else:
            damaged = copy.deepcopy(document)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            damaged = self._random.choice(self._steps)(damaged)
        return damaged

    def _place(self, document: Any, kind: Any = object) -> tuple[Any, Any] | None:
        """Return a container and a key in it whose value is of the given type."""
        places = [(h, k) for h, k in slots(document) if isinstance(h[k], kind)]
        return self._random.choice(places) if places else None

    def _object(self, document: Any) -> dict[str, Any]:
        place = self._place(document, dict)
        if place is None or self._random.random() < 0.2:
            return document if isinstance(document, dict) else {}
        return place[0][place[1]]

    def _some(self, values: Any) -> Any:
        return copy.deepcopy(self._random.choice(values))

    def _replace(self, document: Any) -> Any:
        if place := self._place(document):
            place[0][place[1]] = self._some(SCALARS)
        return document

    def _retext(self, document: Any) -> Any:
        if place := self._place(document, str):
            place[0][place[1]] = self._some(self._words)
        return document

    def _delete(self, document: Any) -> Any:
        if place := self._place(document):
            del place[0][place[1]]
        return document

    def _rename(self, document: Any) -> Any:
        holder = self._object(document)
        if holder:
            name = self._random.choice(list(holder))
            holder[self._some((*NAMES, *self._names, name.lower(), name + "s"))] = holder.pop(name)
        return document

    def _add(self, document: Any) -> Any:
        self._object(document)[self._some(NAMES)] = self._some(SCALARS)
        return document

    def _graft(self, document: Any) -> Any:
        name = self._random.choice(self._names)
        self._object(document)[name] = self._some(self._values[name])
        return document

    def _regraft(self, document: Any) -> Any:
        holder = self._object(document)
        if known := [name for name in holder if name in self._values]:
            name = self._random.choice(known)
            holder[name] = self._some(self._values[name])
        return document

    def _repeat(self, document: Any) -> Any:
        place = self._place(document, list)
        if place and place[0][place[1]]:
            place[0][place[1]].append(self._some(place[0][place[1]]))
        return document

    def _empty(self, document: Any) -> Any:
        if place := self._place(document, (list, dict)):
            place[0][place[1]].clear()
        return document

    def _wrap(self, document: Any) -> Any:
        if place := self._place(document):
            place[0][place[1]] = [place[0][place[1]]]
        return document

    def _retype(self, document: Any) -> Any:
        holders = [document, *events_of(document), *events_of(document)]
        holder = self._random.choice(holders)
        if isinstance(holder, dict):
            holder["type"] = self._random.choice(TYPES)
        return document

    def _recast(self, document: Any) -> Any:
        """Turn a document into a bare event, a query document into a document, and so on."""
        events = events_of(document)
        if not events:
            events = [document]
        choice = self._random.randrange(4)
        if choice == 0:
            return self._random.choice(events)
        if choice == 1:
            event = self._random.choice(events)
            return {"@context": CONTEXT, **event} if isinstance(event, dict) else event
        frame = {"@context": CONTEXT, "schemaVersion": "2.0", "creationDate": TEXTS[0]}
        if choice == 2:
            return {**frame, "type": "EPCISDocument", "epcisBody": {"eventList": events}}
        results = {"queryName": "q", "resultsBody": {"eventList": events}}
        return {**frame, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
