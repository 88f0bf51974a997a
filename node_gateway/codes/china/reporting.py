"""What is said of a file beside its problems: names and counts, never a value."""

from __future__ import annotations

from typing import Any

from node_gateway.codes.china.bills import BillFile
from node_gateway.codes.china.relation_file import RelationFile


def relation_notes(file: RelationFile) -> dict[str, Any]:
    """Return what a report says of a relation file; names and counts, no values."""
    return {
        "rows": file.row_count,
        "rowsByLevel": {
            str(level): file.level_counts[level] for level in sorted(file.level_counts)
        },
        "lots": len(file.lots),
        "personal": file.personal,
        "ignored": file.ignored,
    }


def bill_notes(file: BillFile) -> dict[str, Any]:
    """Return what a report says of a file of bills; names and counts, no values."""
    types: dict[str, int] = {}
    for bill in file.bills:
        name = str(bill.type.number)
        types[name] = types.get(name, 0) + len(bill.codes)
    return {
        "rows": file.row_count,
        "rowsByType": dict(sorted(types.items())),
        "bills": len(file.by_number()),
        "personal": file.personal,
        "ignored": file.ignored,
    }
