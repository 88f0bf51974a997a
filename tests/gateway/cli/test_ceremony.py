"""The founders' ceremony at the command line: genesis, compare, sign, check."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from anchoring.chain.network import Contract, Network, load_network, write_network
from anchoring.chain.signer import Signer
from node_gateway.cli.chain import deploy_network
from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli, Said, new_folder

TIMESTAMP = 1_700_000_000
VALIDATORS = ("0x" + "0a" * 20, "0x" + "0B" * 20)
FOUNDERS = (("maker", ("gs1:950600013", "cn:8690001")), ("pharmacy", ()))


@dataclass(frozen=True)
class Ceremony:
    """Two founders, and a chain that began with their genesis file."""

    folder: Path
    anvil: Anvil

    def cli(self, slug: str = "maker") -> Cli:
        return Cli(self.folder / slug / "sealtrail.toml")

    def options(self, *outputs: str) -> tuple[str, ...]:
        people = [str(self.folder / slug / "participant.json") for slug, _ in FOUNDERS]
        return (
            *("chain", "genesis", "--chain-id", "4242", "--timestamp", str(TIMESTAMP)),
            *(word for one in people for word in ("--participant", one)),
            *(word for one in VALIDATORS for word in ("--validator", one)),
            *("--witness", "pharmacy=http://pharmacy.example", "--witness", "书=http://x.example"),
            *("-o", outputs[0], "--network", outputs[1]),
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceremony]:
    folder = tmp_path_factory.mktemp("ceremony")
    for number, (slug, prefixes) in enumerate(FOUNDERS, start=1):
        wishes: dict[str, Any] = {"slug": slug, "participant": number, "prefixes": prefixes}
        new_folder(folder / slug, "http://127.0.0.1:1", **wishes)
    genesis, network = folder / "genesis.json", folder / "network.json"
    said = Cli(folder / "none")(*Ceremony.options(_only(folder), str(genesis), str(network)))
    assert said.status == 0, said.err
    assert "compare both files byte by byte" in said.err
    with Anvil("--init", str(genesis)) as anvil:
        shown = anvil.rpc("eth_getBlockByNumber", "0x0", False)["hash"][2:]
        document = json.loads(network.read_text())
        assert document["genesisHash"] == said.json()["genesisHash"]
        # Anvil leaves extraData out of block 0; everything else of the file is as on Besu.
        (folder / "here.json").write_text(json.dumps({**document, "genesisHash": shown}))
        yield Ceremony(folder, anvil)


def _only(folder: Path) -> Ceremony:
    return Ceremony(folder, None)  # type: ignore[arg-type]  # options need no chain


@pytest.fixture
def copied(made: Ceremony, tmp_path: Path) -> Path:
    """A founder's own copy of the network file."""
    return Path(shutil.copy(made.folder / "here.json", tmp_path / "network.json"))


def sign(made: Ceremony, slug: str, file: Path) -> Said:
    said = made.cli(slug)("network", "sign", str(file), "--yes", "--json")
    assert said.status == 0, said.err
    return said


def test_every_founder_makes_the_same_files(made: Ceremony, tmp_path: Path) -> None:
    genesis, network = tmp_path / "again.json", tmp_path / "network.json"
    said = made.cli()(*made.options(str(genesis), str(network)))
    assert said.status == 0, said.err
    assert genesis.read_bytes() == (made.folder / "genesis.json").read_bytes()
    assert network.read_bytes() == (made.folder / "network.json").read_bytes()
    assert json.loads(genesis.read_text())["timestamp"] == hex(TIMESTAMP)
    witnesses = {one.organisation: one.participant for one in load_network(network).witnesses}
    assert witnesses == {"pharmacy": 2, "书": None}


def test_the_network_file_in_plain_words(made: Ceremony, copied: Path) -> None:
    said = made.cli()("network", "show", str(copied))
    assert said.status == 0, said.err
    for word in ("id 4242", "NoticeBoard", "0x" + "0a" * 20, "nobody signed it", "participant 2"):
        assert word in said.out
    shown = made.cli()("network", "show", str(copied), "--json").json()
    assert shown["content"] in said.out
    assert shown["validators"] == ["0a" * 20, "0b" * 20]


def test_founders_sign_until_all_have(made: Ceremony, copied: Path) -> None:
    check = ("network", "check", str(copied), "--rpc", made.anvil.url)
    said = made.cli()(*check)
    assert said.status == 12
    assert said.out.count("has not signed") == 2
    assert sign(made, "maker", copied).json()["signed"] == 1
    half = made.cli()(*check, "--json")
    assert half.status == 12
    assert [one["state"] for one in half.json()["signatures"]] == ["signed", "not_signed"]
    sign(made, "pharmacy", copied)
    assert made.cli()(*check).status == 0
    alone = made.cli()("network", "check", str(copied), "--json")
    assert (alone.status, alone.json()["checked"]) == (13, False)
    compared = made.cli()(
        "network", "compare", str(copied), str(made.folder / "here.json"), "--json"
    )
    assert compared.status == 0
    assert compared.json()["same"] is True
    assert len(compared.json()["differences"]) == 2


def test_a_signature_of_another_key_or_under_another_file_is_wrong(
    made: Ceremony, copied: Path
) -> None:
    check = ("network", "check", str(copied), "--rpc", made.anvil.url, "--json")
    keystore = str(made.folder / "maker/keys/anchor.json")
    said = made.cli()("network", "sign", str(copied), "--yes", "--keystore", keystore)
    assert said.status == 0, said.err
    wrong = made.cli()(*check)
    assert wrong.status == 10
    assert wrong.json()["signatures"][0]["state"] == "other_key"

    said = made.cli()("network", "sign", str(copied), "--yes", "--participant", "9")
    assert said.status == 0, said.err
    states = [one["state"] for one in made.cli()(*check).json()["signatures"]]
    assert states == ["other_key", "not_signed", "unknown_participant"]

    sign(made, "maker", copied)
    document = json.loads(copied.read_text())
    document["witnesses"]["pharmacy"]["urls"] = ["http://stranger.example"]
    copied.write_text(json.dumps(document))
    assert made.cli()(*check).json()["signatures"][0]["state"] == "does_not_fit"
    again = made.cli("pharmacy")("network", "sign", str(copied), "--yes")
    assert "signed something else than this file: the file was changed since" in again.err


def test_nothing_is_signed_without_a_yes(made: Ceremony, copied: Path) -> None:
    before = copied.read_bytes()
    said = made.cli()("network", "sign", str(copied))
    assert said.status == 2
    assert said.tries() == "add --yes"
    assert "0x5ea1" in said.err  # what it would have signed was said before
    assert copied.read_bytes() == before


def test_a_file_for_another_chain_is_no_match(made: Ceremony, copied: Path) -> None:
    other = made.folder / "network.json"  # of the real block 0, which Anvil does not have
    said = made.cli()("network", "compare", str(copied), str(other))
    assert said.status == 10
    assert "hash of block 0" in said.out
    checked = made.cli()("network", "check", str(other), "--rpc", made.anvil.url)
    assert checked.status == 10
    assert "another chain" in checked.err


def test_the_contracts_are_those_of_the_file_and_of_this_release(
    made: Ceremony, copied: Path
) -> None:
    check = ("chain", "check", "--network", str(copied), "--rpc", made.anvil.url, "--json")
    said = made.cli()(*check)
    assert said.status == 0, said.out
    checks = {one["check"]: one["ok"] for one in said.json()["checks"]}
    assert checks["notice_board_code_registry"] is True
    assert checks["consortium_delay"] is True
    assert checks["anchor_registry_predecessor"] is True
    assert checks["consortium_source"] is None  # no sources were given
    document = json.loads(copied.read_text())
    for member, broken in (
        ("noticeBoard", {"notice_board_code"}),
        ("codeRegistry", {"code_registry_code"}),
    ):
        changed = {**document, member: {**document[member], "codeHash": "00" * 32}}
        copied.write_text(json.dumps(changed))
        wrong = made.cli()(*check)
        assert wrong.status == 10
        assert {one["check"] for one in wrong.json()["checks"] if one["ok"] is False} == broken
    changed = {**document, "codeRegistry": document["registries"][0]}
    copied.write_text(json.dumps(changed))
    wrong = made.cli()(*check)
    found = {one["check"] for one in wrong.json()["checks"] if one["ok"] is False}
    assert {"code_registry_release", "notice_board_code_registry"} <= found


@pytest.fixture
def deployed(made: Ceremony, anvil: Anvil) -> Network:
    """A network of one founder on the running chain of the other command-line tests."""
    people = [json.loads((made.folder / "maker" / "participant.json").read_text())]
    deployer = Signer.from_key(bytes(keccak(b"deployer of the ceremony")))
    return asyncio.run(deploy_network(anvil.url, people, deployer, delay_s=60, lifetime_s=90))


def test_code_that_is_not_ours_is_seen(
    made: Ceremony, anvil: Anvil, deployed: Network, tmp_path: Path
) -> None:
    """A contract of one byte more than ours, under a network file that pins exactly that."""
    file = tmp_path / "network.json"
    write_network(file, deployed)
    check = ("chain", "check", "--network", str(file), "--json")  # asks the file's own witness
    assert made.cli()(*check).status == 0
    registry = deployed.registries[0].address
    code = anvil.rpc("eth_getCode", "0x" + registry.hex(), "latest") + "00"
    anvil.rpc("anvil_setCode", "0x" + registry.hex(), code)
    pinned = Contract(registry, bytes(keccak(hexstr=code)))
    write_network(file, replace(deployed, registries=(pinned,)))
    said = made.cli()(*check)
    assert said.status == 10
    wrong = [one["check"] for one in said.json()["checks"] if one["ok"] is False]
    assert wrong == ["anchor_registry_release"]


def test_the_periods_of_deployment_are_on_the_chain(made: Ceremony, deployed: Network) -> None:
    file = made.folder / "deployed.json"
    write_network(file, deployed)
    said = made.cli()("chain", "check", "--network", str(file))
    assert "a heavy decision waits 60 s" in said.out
    assert "a proposal lives 90 s" in said.out


def test_a_successor_is_deployed_alone(made: Ceremony, anvil: Anvil, deployed: Network) -> None:
    old = "0x" + deployed.registries[0].address.hex()
    said = made.cli()(
        *("chain", "deploy", "--registry-only", "--rpc", anvil.url),
        *("--predecessor", old, "--consortium", "0x" + deployed.consortium.hex()),
    )
    assert said.status == 0, said.err
    entry = said.json()
    assert f"sealtrail consortium propose successor 0x{entry['address']}" in said.err
    made_of = bytes.fromhex(entry["address"]), bytes.fromhex(entry["codeHash"])
    successor = replace(deployed, registries=(Contract(*made_of), *deployed.registries))
    file = made.folder / "successor.json"
    write_network(file, successor)
    checked = made.cli()("chain", "check", "--network", str(file), "--json")
    wrong = [one["text"] for one in checked.json()["checks"] if one["ok"] is False]
    assert len(wrong) == 1  # it was not named yet
    assert "its successor is none" in wrong[0]


def test_nobody_answers(made: Ceremony, copied: Path) -> None:
    nowhere = ("--rpc", "http://127.0.0.1:9")
    assert made.cli()("chain", "check", "--network", str(copied), *nowhere).status == 13
    assert made.cli()("network", "check", str(copied), *nowhere).status == 13


def test_without_an_anvil_it_says_where_one_is_found(made: Ceremony, tmp_path: Path) -> None:
    outputs = str(tmp_path / "genesis.json"), str(tmp_path / "network.json")
    said = made.cli()(*made.options(*outputs), SEALTRAIL_ANVIL="/nowhere/anvil")
    assert said.status == 1
    assert "constructors run on a private anvil" in said.err
    assert "SEALTRAIL_ANVIL" in said.tries()
    assert list(tmp_path.iterdir()) == []


def test_what_is_mistyped_writes_nothing(made: Ceremony, tmp_path: Path) -> None:
    outputs = str(tmp_path / "genesis.json"), str(tmp_path / "network.json")
    good = made.options(*outputs)
    person = str(made.folder / "maker" / "participant.json")
    wrong: list[tuple[tuple[str, ...], str]] = [
        (("--validator", VALIDATORS[0]), "twice"),
        (("--validator", "0x12"), "no address"),
        (("--delay", "seven days"), "--delay"),
        (("--delay", "99999999d"), "--delay"),
        (("--lifetime", "1"), "--lifetime"),
        (("--witness", "http://maker.example"), "ORG=URL"),
        (("--network", outputs[0]), "two names"),
        (("-o", str(tmp_path)), "is a folder"),
        (("-o", person), "exists"),
        (("--network", str(tmp_path / "none" / "n.json")), "no folder"),
        (("--participant", str(tmp_path / "none.json")), "cannot read"),
        (("--participant", person), "refuse"),
        (("--chain-id", "0"), "chain-id"),
    ]
    for more, word in wrong:
        said = made.cli()(*good, *more)
        assert said.status == 2, (more, said.err)
        assert word in said.err, (more, said.err)
        assert list(tmp_path.iterdir()) == []


def test_a_registry_alone_has_no_founders(made: Ceremony) -> None:
    person = ("--participant", str(made.folder / "maker" / "participant.json"))
    rpc, address = ("--rpc", made.anvil.url), "0x" + "01" * 20
    alone = ("chain", "deploy", *rpc, "--registry-only")
    for wrong in (
        (*alone, "--predecessor", address),
        (*alone, "--predecessor", address, "--consortium", address, *person),
        (*alone, "--predecessor", "1", "--consortium", address),
        ("chain", "deploy", *rpc),
        ("chain", "deploy", *rpc, *person, "--predecessor", address),
    ):
        said = made.cli()(*wrong)
        assert said.status == 2, said.err
        assert said.tries()


def test_prefixes_at_init(made: Ceremony, tmp_path: Path) -> None:
    init = ("init", str(tmp_path / "new"), "--name", "Example", "--slug", "example")
    for wrong in (
        ("--prefix", "950600013"),
        ("--prefix", "gs1:950"),
        ("--prefix", "cn:12345678"),
        ("--prefix", "gs1:9506", "--prefix", "gs1:9506"),
    ):
        said = made.cli()(*init, *wrong)
        assert said.status == 2, said.err
        assert not (tmp_path / "new").exists()
    person = json.loads((made.folder / "maker" / "participant.json").read_text())
    assert person["prefixes"] == list(FOUNDERS[0][1])
    damaged = tmp_path / "participant.json"
    damaged.write_text(json.dumps({**person, "prefixes": ["gs1:1"]}))
    said = made.cli()(
        *("chain", "deploy", "--rpc", made.anvil.url, "--participant", str(damaged)),
        *("-o", str(tmp_path / "network.json")),
    )
    assert said.status == 2
    assert "no participant.json" in said.err
