"""`sealtrail product`, `location` and `party` against a gateway that runs."""

import json
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Served

GLN = "https://id.gs1.org/414/6901234000009"


def test_a_product_from_first_to_last(served: Served, tmp_path: Path) -> None:
    said = served(
        *("product", "add", "CLI-1", "--set", "name_zh=阿莫西林", "--set", "1级GTIN=9521321000018"),
        *("--set", "level1_drug_ids=8700001 8700002", "--set", "storage_min_c=-5"),
    )
    assert said.status == 0, said.err
    assert said.json()["levels"][0]["drugIds"] == ["8700001", "8700002"]
    assert said.json()["storageMinC"] == -5.0
    file = tmp_path / "product.json"
    file.write_text(json.dumps({"nameEn": "Amoxicillin"}))
    assert served("product", "add", "CLI-1", "--from", str(file)).json()["version"] == 2
    assert served("product", "show", "CLI-1", "--json").json()["nameEn"] == "Amoxicillin"
    assert "Amoxicillin" in served("product", "show", "CLI-1").out
    history = served("product", "show", "CLI-1", "--versions", "--json").json()["versions"]
    assert [one["version"] for one in history] == [2, 1]
    assert "changedBy" in served("product", "show", "CLI-1", "--versions").out
    listed = served("product", "list", "--search", "AMOXI", "--prefix", "CLI", "--json").json()
    assert [one["id"] for one in listed["products"]] == ["CLI-1"]
    assert "CLI-1" in served("product", "list").out
    kept = served("product", "remove", "CLI-1")
    assert kept.status == 2
    assert "--yes" in kept.tries()
    assert served("product", "remove", "CLI-1", "--yes").json()["removed"]
    gone = served("product", "show", "CLI-1")
    assert (gone.status, gone.tries()) == (11, "sealtrail product list")


def test_places_from_a_file_and_back(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_bytes("地点标识,城市,省份\n6901234000009,杭州,浙江\n".encode("gb18030"))
    said = served("location", "import", str(file), "--json")
    assert said.status == 0, said.err
    assert said.json()["created"] == 1
    assert served("location", "show", "6901234000009", "--json").json()["id"] == GLN
    out = tmp_path / "out.csv"
    assert served("location", "export", "-o", str(out)).status == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfid,")
    again = served("location", "import", str(out))
    assert again.out == "0 created, 0 replaced, 1 unchanged, 0 refused\n"
    printed = served("location", "export", "--zh")
    assert printed.out.startswith("地点标识,")
    assert "杭州" in printed.out


def test_mistakes_of_a_file_are_told_by_line(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_text("id,participant\nurn:example:cli,3\nurn:example:cli2,none\n6901234000008,\n")
    refused = served("party", "import", str(file))
    assert refused.status == 1
    assert "/3/participant  type_wrong" in refused.err
    assert "/4/id  check_digit: check digit 8, expected 9  [6901234000009]" in refused.err
    assert refused.tries()
    checked = served("party", "import", str(file), "--check")
    assert (checked.status, checked.out[:9]) == (1, "0 created")
    taken = served("party", "import", str(file), "--proceed")
    assert taken.status == 1
    assert taken.out.startswith("1 created")
    assert served("party", "show", "urn:example:cli", "--json").json()["participant"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("product", "add", "CLI-2", "--set", "colour=red"),
        ("product", "add", "CLI-2", "--set", "name_zh"),
        ("product", "add", "CLI-2", "--set", "level1_gtins=1"),
        ("product", "add", "C L I"),
        ("product", "add", "CLI-2", "--from", "no-such-file.json"),
        ("product", "import", "no-such-file.csv"),
        ("location", "show", "nowhere"),
        ("party", "show", "urn:example:nobody"),
    ],
)
def test_wrong_usage_is_explained(served: Served, arguments: tuple[str, ...]) -> None:
    said = served(*arguments)
    assert said.status in (1, 2, 11)
    assert said.tries()
