"""Files of the platform for tests: relation files of any size, and bills."""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import quoteattr

CASE, BOX, PACK = "8021761", "8021762", "8306233"


def code(drug_id: str, number: int, check: str | None = None) -> str:
    return f"{drug_id}{number:09d}{check or f'{number * 7919 % 10_000:04d}'}"


def tag(name: str, attributes: dict[str, Any], *, ends: bool = True) -> str:
    listed = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{listed}{'/' if ends else ''}>\n"


def rows(cases: int, boxes: int = 2, packs: int = 3, *, first: int = 0) -> list[dict[str, str]]:
    """Return the `Code` elements of some cases, each before what is in it."""
    made = []

    def add(name: str, layer: int, parent: str) -> None:
        made.append({"curCode": name, "packLayer": str(layer), "parentCode": parent, "flag": "0"})

    for case in range(first, first + cases):
        add(code(CASE, case), 3, "")
        for box in range(case * boxes, (case + 1) * boxes):
            add(code(BOX, box), 2, code(CASE, case))
            for pack in range(box * packs, (box + 1) * packs):
                add(code(PACK, pack), 1, code(BOX, box))
    return made


def relation(
    codes: Iterable[dict[str, str]],
    *,
    cascade: str = "1:2:6",
    encoding: str = "UTF-8",
    version: str = "Version",
    name: str = "Name",
    **batch: str,
) -> bytes:
    """Return a relation file; line 6 is its first `Code`."""
    lot = {
        "batchNo": "L1",
        "madeDate": "2026-03-01",
        "validateDate": "2028-02-29",
        "workshop": "一号车间",
        "lineName": "一号线",
        "lineManager": "张三",
        **batch,
    }
    head = {"productCode": "9999999", "subTypeNo": "9500000001", "cascade": cascade}
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n'
        + tag("Document", {"License": ""}, ends=False)
        + f'<Events {version}="3.0"><Event {name}="RelationCreate">\n'
        + tag("Relation", {**head, "packageSpec": "盒24片", "comment": ""}, ends=False)
        + tag("Batch", lot, ends=False)
        + "".join(tag("Code", one) for one in codes)
        + "</Batch></Relation></Event></Events></Document>\n"
    )
    return text.encode(encoding)


def bills(
    *data: dict[str, str],
    name: str = "PurchaseWareHouseIn",
    main: str = "WareHouseIn",
    **event: str,
) -> bytes:
    """Return a file of bills; line 4 is its first `Data`."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document Version="3.0"><Events>\n'
        + tag("Event", {"Name": name, "MainAction": main, **event}, ends=False).rstrip()
        + "<DataField>\n"
        + "".join(tag("Data", one) for one in data)
        + "</DataField></Event></Events></Document>\n"
    ).encode()


def row(number: int = 1, bill: str = "CK1", **more: str) -> dict[str, str]:
    return {
        "Code": code(PACK, number),
        "Actor": "李四",
        "ActDate": "2026-03-01 10:00:00",
        "CorpOrderID": bill,
        "FromCorpID": "1001",
        **more,
    }
