"""What an operator mistypes: one sentence, one `Try:` line, the right status, nothing half-made."""

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli, Said, Served, new_folder, start_serving
from tests.gateway.running import commissioning, document, sgtin


class _Html(http.server.BaseHTTPRequestHandler):
    """Answers everything with a page, as a captive portal or a wrong port does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        page = b"<html><body>Welcome to the hotel</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def html() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Html) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(10)


@pytest.fixture
def own(served: Served, tmp_path: Path) -> Cli:
    """A copy of the folder of the gateway that runs, to be damaged."""
    folder = tmp_path / "own"
    shutil.copytree(served.folder, folder)
    return Cli(folder / "sealtrail.toml")


def is_said(said: Said, status: int, *words: str) -> None:
    assert said.status == status, said.err + said.out
    assert said.tries()
    assert said.out == ""
    for word in words:
        assert word in said.err


def test_a_config_that_is_not_there(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "missing.toml")
    for command in (["status"], ["serve"], ["trace", "x"], ["db", "upgrade"], ["api-key", "list"]):
        is_said(cli(*command), 2, "missing.toml")
    assert cli("status").tries() == "sealtrail init writes a first one"


def test_a_config_that_is_a_folder_or_no_toml(tmp_path: Path) -> None:
    is_said(Cli(tmp_path)("status"), 2, "cannot read")
    file = tmp_path / "bad.toml"
    file.write_text("[gateway")
    is_said(Cli(file)("status"), 2, "no TOML")


@pytest.mark.parametrize("command", [["status"], ["serve"], ["db", "upgrade"]])
def test_a_config_with_an_unknown_key(own: Cli, command: list[str]) -> None:
    own.config.write_text(own.config.read_text().replace("cadence_s", "cadense_s", 1))
    said = own(*command)
    is_said(said, 2, "unknown key batching.cadense_s")
    assert said.tries() == "did you mean cadence_s?"


@pytest.mark.parametrize("damage", ["wrong", "empty", "missing"])
def test_a_keystore_with_a_wrong_passphrase(own: Cli, damage: str) -> None:
    file = own.config.parent / "keys/passphrase"
    if damage == "missing":
        file.unlink()
    else:
        file.write_text("PLANTED-wrong-passphrase" if damage == "wrong" else "")
    said = own("serve", "--port", "0")
    is_said(said, 2 if damage == "missing" else 1, "passphrase")
    assert "PLANTED" not in said.err


def test_a_passphrase_of_the_environment(own: Cli) -> None:
    lines = own.config.read_text().splitlines(keepends=True)
    own.config.write_text("".join(one for one in lines if not one.startswith("passphrase_file")))
    is_said(own("serve", "--port", "0"), 2, "no passphrase")
    said = own("serve", "--port", "0", SEALTRAIL_PASSPHRASE="PLANTED-wrong")
    is_said(said, 1, "wrong passphrase")
    assert "PLANTED" not in said.err


@pytest.mark.parametrize(
    "content", ["", "{}", "not json", '{"version": 3, "crypto": {"ciphertext": 1}}']
)
def test_a_keystore_that_is_none(own: Cli, content: str) -> None:
    (own.config.parent / "keys/sign.json").write_text(content)
    is_said(own("serve", "--port", "0"), 1, "sign.json")


@pytest.mark.parametrize("content", ["", "[]", '{"format": "sealtrail/network/v2"}'])
def test_a_network_file_that_is_none(own: Cli, content: str) -> None:
    (own.config.parent / "network.json").write_text(content)
    is_said(own("serve", "--port", "0"), 2, "network file")


def test_a_network_file_that_is_not_there(own: Cli) -> None:
    (own.config.parent / "network.json").unlink()
    is_said(own("serve", "--port", "0"), 2, "network.json")


def test_a_database_that_is_not_there_old_or_none(own: Cli) -> None:
    database = own.config.parent / "sealtrail.db"
    for file in own.config.parent.glob("sealtrail.db*"):
        file.unlink()
    said = own("serve", "--port", "0")
    is_said(said, 1, "no schema")
    assert said.tries() == "sealtrail db upgrade"
    assert not database.exists()  # the service creates none
    database.write_bytes(b"this is no database, but a text of some length" * 100)
    is_said(own("serve", "--port", "0"), 1)
    database.unlink()
    database.mkdir()
    is_said(own("db", "upgrade"), 1)


@pytest.mark.parametrize(
    ("database", "status"),
    [
        ("mysql://planted:PLANTED-word@127.0.0.1/x", 1),
        ("postgresql://planted:PLANTED-word@127.0.0.1:9/x", 1),
        ("nonsense", 1),
        ("sqlite:////nowhere/at/all.db", 1),
    ],
)
def test_a_database_address_that_leads_nowhere(own: Cli, database: str, status: int) -> None:
    for command in (["db", "upgrade"], ["api-key", "list"]):
        said = own(*command, SEALTRAIL_GATEWAY__DATABASE=database)
        is_said(said, status)
        assert "PLANTED" not in said.err


def test_a_second_gateway_on_one_database(served: Served) -> None:
    is_said(served("serve", "--port", "0"), 1, "writes to this database")


def test_a_database_of_another_participant(served: Served, own: Cli) -> None:
    assert own("api-key", "list").status == 0
    said = own("serve", "--port", "0", SEALTRAIL_GATEWAY__PARTICIPANT="2")
    is_said(said, 2, "belongs to participant 1")


def test_a_port_that_is_taken(served: Served, own: Cli) -> None:
    port = served.url.rpartition(":")[2]
    is_said(own("serve", "--port", port), 1, f"port {port}")


def test_an_endpoint_that_is_no_chain(html: str, served: Served, own: Cli, tmp_path: Path) -> None:
    participant = str(served.folder / "participant.json")
    target = tmp_path / "network.json"
    for url in (html, "http://127.0.0.1:9"):
        said = own(
            *("chain", "deploy", "--rpc", url, "--participant", participant, "-o", str(target))
        )
        is_said(said, 13)
        assert not target.exists()
    checks = own("doctor", "--json", SEALTRAIL_CHAIN__RPC=html)
    assert checks.status == 1
    (chain,) = [one for one in checks.json() if one["check"] == "chain"]
    assert chain["ok"] is False
    assert "Try:" in chain["detail"]


def test_a_gateway_on_an_endpoint_that_is_no_chain_is_read_only(html: str, own: Cli) -> None:
    text = own.config.read_text()
    rpc = next(line for line in text.splitlines() if line.startswith("rpc"))
    own.config.write_text(text.replace(rpc, f'rpc = "{html}"'))
    process, url, log = start_serving(own.config.parent)
    try:
        port = {"SEALTRAIL_GATEWAY__PORT": url.rpartition(":")[2]}
        status = own("status", "--json", **port).json()
        while status["state"] == "starting":
            status = own("status", "--json", **port).json()
        assert (status["state"], status["reason"]) == ("read_only", "chain_unavailable")
        file = own.config.parent / "events.json"
        file.write_text(json.dumps(document(commissioning(sgtin()))))
        said = own("capture", str(file), **port)
        is_said(said, 1, "captures are not taken now")
        assert own("status", "--json", **port).json()["events"] == status["events"]
    finally:
        process.terminate()
        assert process.wait(30) == 0
        assert process.stdout is not None
        process.stdout.close()
    assert "Traceback" not in "".join(log)


def test_a_gateway_that_is_none(html: str, served: Served, tmp_path: Path) -> None:
    for url, status in ((html, 13), ("http://127.0.0.1:9", 13), ("nonsense", 2), ("ftp://x", 2)):
        for command in (["status"], ["trace", sgtin()], ["anchor", "list"]):
            is_said(served(*command, "--gateway", url), status)
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document(commissioning(sgtin()))))
    is_said(served("capture", str(file), "--gateway", html), 13)


def test_the_key_of_init_goes_to_ones_own_gateway_only(served: Served) -> None:
    """Another gateway would learn it."""
    seen: list[str | None] = []

    class Curious(_Html):
        def do_GET(self) -> None:
            seen.append(self.headers.get("authorization"))
            self._answer()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Curious) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        served("status", "--gateway", url)
        served("verify", sgtin(), "--gateway", url)
        served("status", "--gateway", url, SEALTRAIL_API_KEY="st_live_for_that_one")
        served("verify", sgtin(), "--gateway", url, SEALTRAIL_API_KEY="st_live_mine")
        server.shutdown()
        thread.join(10)
    assert seen == [None, None, "Bearer st_live_for_that_one", None]


def test_a_wrong_api_key(served: Served) -> None:
    said = served("status", SEALTRAIL_API_KEY="st_live_PLANTED")
    is_said(said, 1, "not valid")
    assert "PLANTED" not in said.err
    assert "api-key new" in said.tries()


def test_files_that_cannot_be_captured(served: Served, tmp_path: Path) -> None:
    before = served("status", "--json").json()["events"]
    is_said(served("capture", str(tmp_path)), 2, "Is a directory")
    is_said(served("capture", str(tmp_path / "missing.json")), 2, "No such file")
    for name, content in {
        "empty": b"",
        "xml": b"<EPCISDocument/>",
        "deep": b"[" * 10_000,
        "binary": bytes(range(256)),
        "twice": b'{"type": 1, "type": 2}',
        "nothing": json.dumps(document()).encode(),
    }.items():
        file = tmp_path / name
        file.write_bytes(content)
        is_said(served("capture", str(file)), 1)
    assert served("status", "--json").json()["events"] == before


def test_bundles_that_are_none(served: Served, tmp_path: Path) -> None:
    is_said(served("verify", str(tmp_path)), 2, "folder")
    for missing in ("missing.json", "/nowhere/x.json", "./x", "nonsense", "~/x"):
        is_said(served("verify", missing), 2, "there is no file")
    for name, content in {
        "empty": b"",
        "text": b"not a bundle",
        "other": b'{"format": "sealtrail/proof/v1"}',
        "deep": b"[" * 100_000,
        "receipt": b'{"format": "sealtrail/receipt/v1"}',
    }.items():
        file = tmp_path / name
        file.write_bytes(content)
        said = served("verify", str(file))
        assert said.status == 10, said.err
        assert said.tries()
    is_said(served("verify", "https://id.gs1.org/01/06901234123457/21/1"), 2, "check digit")


def test_participants_that_are_none(own: Cli, anvil: Anvil, tmp_path: Path) -> None:
    good = json.loads((own.config.parent / "participant.json").read_text())
    height = anvil.rpc("eth_blockNumber")
    damages: list[object] = [
        [],
        {},
        {**good, "keys": {}},
        {**good, "keys": {**good["keys"], "anchor": "0x12"}},
        {**good, "keys": {**good["keys"], "more": "00" * 20}},
        {**good, "keys": None},
        {**good, "roles": "all"},
        {**good, "roles": -1},
        {**good, "name": 7},
        {**good, "more": 1},
    ]
    file, target = tmp_path / "participant.json", str(tmp_path / "network.json")
    deploy = ("chain", "deploy", "--rpc", anvil.url, "--participant", str(file), "-o")
    for damage in damages:
        file.write_text(json.dumps(damage))
        is_said(own(*deploy, target), 2, "participant.json")
    file.write_text(json.dumps(good))
    is_said(own(*deploy, str(tmp_path / "missing/network.json")), 2, "no folder")
    file.unlink()
    is_said(own(*deploy, target), 2, "cannot read")
    assert anvil.rpc("eth_blockNumber") == height  # nothing reached the chain


def test_a_folder_that_is_a_gateway_already(served: Served, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in served.folder.rglob("*.json")}
    said = served("init", str(served.folder), "--name", "Again", "--slug", "again")
    is_said(said, 2, "exists already")
    assert {file: file.read_bytes() for file in served.folder.rglob("*.json")} == before


@pytest.mark.parametrize(
    "options",
    [
        ["--db", "mysql://x/y"],
        ["--db", "sqlite:////nowhere/at/all.db"],
        ["--db", "postgresql://127.0.0.1:9/x"],
        ["--slug", "Not A Slug"],
        ["--slug", ""],
        ["--url", "gateway.maker.example"],
        ["--prefix", "gs1:12"],
        ["--role", "king"],
    ],
)
def test_init_leaves_nothing_half_made(tmp_path: Path, options: list[str]) -> None:
    folder = tmp_path / "new"
    said = Cli(tmp_path / "none.toml")(
        "init", str(folder), "--name", "Maker", "--slug", "maker", *options
    )
    assert said.status in (1, 2)
    assert said.tries()
    assert [file for file in folder.rglob("*") if file.is_file()] == []


def test_init_takes_any_name(tmp_path: Path) -> None:
    name = 'Gr\u00fcn "& S\u00f6hne" \\ GmbH \u836f\u5382'
    folder = new_folder(tmp_path / 'a "b" \\ c', "http://127.0.0.1:8545/'\"?x=\\", name=name)
    said = Cli(folder / "sealtrail.toml")("api-key", "list", "--json")
    assert said.status == 0, said.err
    assert json.loads((folder / "participant.json").read_text())["name"] == name


def test_other_usage(served: Served, tmp_path: Path) -> None:
    for arguments in (
        ["nothing"],
        ["anchor", "show", "0"],
        ["anchor", "list", "--limit", "0"],
        ["capture"],
        ["serve", "--port", "70000"],
        ["verify", "x", "--quorum", "0"],
    ):
        assert served(*arguments).status == 2, arguments
    is_said(served("proof", "get", "0" * 64, "--audience", "everybody"), 2)
    is_said(served("proof", "get", "0" * 64, "-o", str(tmp_path / "no/such/folder.json")), 11)
    is_said(served("event", "show", "A" * 64), 2)


def test_what_another_gateway_says_is_not_obeyed(own: Cli) -> None:
    """Colours, titles and cursor moves of a terminal, and markup, are shown as text."""

    class Hostile(_Html):
        def _answer(self) -> None:
            step = "[bold]\x1b]0;owned\x07[/nothing]"
            events = [{"entry": "00" * 32, "state": "final", "erased": False, "bizStep": step}]
            page = json.dumps({"code": "[red]x", "events": events}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        said = own("trace", sgtin(), "--gateway", url)
        server.shutdown()
        thread.join(10)
    assert said.status == 0
    assert "[bold]" in said.out
    assert "[red]x" in said.out
    assert "\x1b" not in said.out
    assert "\x07" not in said.out
