"""Relation files (关联关系 3.0): which codes a lot has, and which pack is in which.

`read_relation` takes both dialects, reports everything that is wrong with a file, and keeps a
million codes in some 30 MB. Source: the platform's sample files; what `flag` and `cascade` mean
is our reading of them (docs/reference/china-drug-codes.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from node_gateway.codes.china.code_table import NONE
from node_gateway.codes.china.dates import day_of, last_day_of
from node_gateway.codes.china.drug_code import DrugCodeError, packed_code
from node_gateway.codes.china.findings import FileFormError
from node_gateway.codes.china.reading import attributes_of, read_xml
from node_gateway.codes.china.relation_checks import check_structure
from node_gateway.codes.china.relation_file import (
    BAD_PARENT,
    LAYERS_MAX,
    WHOLE,
    Lot,
    Relation,
    RelationFile,
)

__all__ = ["Lot", "Relation", "RelationFile", "read_relation"]

CODES_MAX: Final = 10_000_000
LOTS_MAX: Final = 10_000
TEXT_LENGTH_MAX: Final = 300
EVENT_NAME: Final = "relationcreate"
_FLAGS_MAX: Final = 16
_ROWS: Final = ("curCode", "packLayer", "parentCode", "flag")
_PERSONAL: Final = ("linemanager",)


def read_relation(parts: Iterable[bytes]) -> RelationFile:
    """Read and check a relation file.

    Args:
        parts: The file in pieces.

    Returns:
        The file with everything that is wrong in `findings`.

    Raises:
        FileFormError: it is no XML, or has more codes or lots than allowed.
    """
    reader = _Reader()
    read_xml(parts, reader.start, reader.end)
    file = reader.file
    if not file.row_count and not file.findings.count:
        file.findings.add("no_codes", 0, "the file holds no codes", "Is it a relation file?")
    check_structure(file)
    return file


class _Reader:
    """Takes the elements of a relation file one by one."""

    def __init__(self) -> None:
        self.file = RelationFile()
        self._relation: Relation | None = None
        self._lot: Lot | None = None
        self._row_names = {name.lower(): name for name in _ROWS}

    def start(self, name: str, given: dict[str, str], line: int) -> None:
        if name == "code":
            self._code(given, line)
        elif name == "batch":
            self._batch(given, line)
        elif name == "relation":
            values = self._values(given, line)
            self._relation = Relation(
                values.pop("productcode", ""),
                values.pop("subtypeno", ""),
                values.pop("cascade", ""),
                values.pop("packagespec", ""),
                values.pop("comment", ""),
            )
            self._ignore(values)
            if self._relation.cascade and not self._relation.counts:
                self.file.findings.add(
                    "cascade_form", line, "cascade is no ratio of packs", "Such as 1:2:6."
                )
        elif name == "event":
            event = self._values(given, line).get("name", "")
            if event.lower() != EVENT_NAME:
                self.file.findings.add(
                    "unknown_event", line, "this event is not read here", "RelationCreate is."
                )

    def end(self, name: str) -> None:
        if name == "batch" and self._lot is not None:
            self._lot.rows = range(self._lot.rows.start, len(self.file.layers))
            self._lot = None
        elif name == "relation":
            self._relation = None

    def _batch(self, given: dict[str, str], line: int) -> None:
        findings, values = self.file.findings, self._values(given, line)
        if len(self.file.lots) >= LOTS_MAX:
            raise FileFormError(f"more than {LOTS_MAX} lots", code="too_many_lots", line=line)
        if self._relation is None:
            findings.add("element_place", line, "a Batch stands outside of a Relation")
        lot = Lot(
            line=line,
            relation=self._relation or Relation(),
            lot_number=values.pop("batchno", ""),
            made_text=(made := values.pop("madedate", "")),
            expires_text=(expires := values.pop("validatedate", "")),
            made=day_of(made),
            expires=last_day_of(expires),
            workshop=values.pop("workshop", ""),
            line_name=values.pop("linename", ""),
            rows=range(len(self.file.layers), len(self.file.layers)),
        )
        for personal in _PERSONAL:
            if values.pop(personal, ""):
                self.file.personal[personal] = self.file.personal.get(personal, 0) + 1
        self._ignore(values)
        self._check_lot(lot)
        self.file.lots.append(lot)
        self._lot = lot

    def _check_lot(self, lot: Lot) -> None:
        findings = self.file.findings
        if not lot.lot_number:
            findings.add("attribute_missing", lot.line, "batchNo is missing")
        for name, day in (("madeDate", lot.made), ("validateDate", lot.expires)):
            if day is None:
                findings.add("date_form", lot.line, f"{name} is no date", "Such as 2026-03-01.")
        if lot.made is not None and lot.expires is not None and lot.expires < lot.made:
            findings.add("date_order", lot.line, "validateDate is before madeDate")

    def _code(self, given: dict[str, str], line: int) -> None:
        file, findings = self.file, self.file.findings
        file.row_count += 1
        if file.row_count > CODES_MAX:
            raise FileFormError(f"more than {CODES_MAX} codes", code="too_many_codes", line=line)
        if "curCode" not in given or len(given) > len(_ROWS):
            given = self._respelled(given)
        if self._lot is None:
            findings.add("element_place", line, "a Code stands outside of a Batch")
            return
        layer = self._layer(given.get("packLayer", ""), line)
        file.level_counts[layer] = file.level_counts.get(layer, 0) + 1
        try:
            code = packed_code(given.get("curCode", ""))
        except DrugCodeError as error:
            findings.add(error.code, line, f"curCode: {error.detail}", error.hint)
            return
        parent = self._parent(given.get("parentCode", ""), line)
        if not file.table.add(code):
            first = file.lines[file.table.row_of(code)]
            findings.add(
                "duplicate_code", line, f"this code stands in line {first} already", "Name it once."
            )
            return
        file.parents.append(parent)
        file.layers.append(layer)
        file.lines.append(min(line, 0xFFFF_FFFF))
        file.flags.append(self._flag(given.get("flag", WHOLE), line))

    def _layer(self, text: str, line: int) -> int:
        text = text.strip()
        if len(text) == 1 and "1" <= text <= str(LAYERS_MAX):
            return int(text)
        self.file.findings.add("layer_form", line, f"packLayer is no number 1 to {LAYERS_MAX}")
        return 0

    def _parent(self, text: str, line: int) -> int:
        if not text or text == "0" or text.isspace():
            return NONE
        try:
            return packed_code(text)
        except DrugCodeError as error:
            self.file.findings.add(error.code, line, f"parentCode: {error.detail}", error.hint)
            return BAD_PARENT

    def _flag(self, text: str, line: int) -> int:
        text = text.strip() or WHOLE
        texts = self.file.flag_texts
        if text in texts:
            return texts.index(text)
        if len(texts) >= _FLAGS_MAX or len(text) > 20:
            self.file.findings.add("flag_form", line, "flag is no short word")
            return 0
        texts.append(text)
        return len(texts) - 1

    def _respelled(self, given: dict[str, str]) -> dict[str, str]:
        """Return the attributes of a code under the names of the schema."""
        values = attributes_of(given)
        known = {name: values.pop(low, "") for low, name in self._row_names.items()}
        self._ignore(values)
        return known

    def _values(self, given: dict[str, str], line: int) -> dict[str, str]:
        values = attributes_of(given)
        for name, text in values.items():
            if len(text) > TEXT_LENGTH_MAX:
                values[name] = ""
                detail = f"an attribute has more than {TEXT_LENGTH_MAX} characters"
                self.file.findings.add("attribute_length", line, detail)
        return {name: text.strip() for name, text in values.items()}

    def _ignore(self, values: dict[str, str]) -> None:
        ignored = self.file.ignored
        for name in values:
            if name in ignored or len(ignored) < 100:
                ignored[name] = ignored.get(name, 0) + 1
