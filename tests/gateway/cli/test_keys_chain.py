"""`sealtrail key list`, `rotate` and `revoke`: one's own keys on a real chain."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anchoring.chain.governor import Governor
from anchoring.chain.keystore import keystore_address, load_keystore
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from node_gateway.settings import Settings, load_settings
from node_gateway.wiring import open_database
from node_gateway.wiring_keys import (
    KeySigning,
    admin_rotation_of,
    open_key_signing,
    rotation_of,
)
from tests.anchoring.chain.signing_server import SigningServer
from tests.anvil import Anvil
from tests.consortium import Net, Person, found
from tests.gateway.cli.conftest import Cli, Said

KEY = b"\x51" * 32


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest.fixture
def net(chain: Anvil, tmp_path: Path) -> Net:
    """Two participants, each with a gateway's folder, on contracts of their own."""
    return asyncio.run(found(chain, [Person("maker"), Person("seller")], folder=tmp_path))


@pytest.fixture(scope="module")
def still(chain: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Net:
    """The same for tests that change nothing."""
    folder = tmp_path_factory.mktemp("still")
    return asyncio.run(found(chain, [Person("maker"), Person("seller")], folder=folder))


@pytest.fixture
def cli(net: Net) -> Cli:
    return Cli(net.member(1).config)


def keys(cli: Cli) -> dict[str, dict[str, object]]:
    """Return what `key list` says, by address."""
    said = cli("key", "list", "--json")
    assert said.status == 0, said.err
    return {one["address"]: one for one in said.json()["keys"]}


def shown(address: bytes) -> str:
    return f"0x{address.hex()}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keystores that open quickly."""
    monkeypatch.setattr("anchoring.chain.keystore.SCRYPT_COST", 2)


def test_list_shows_the_chain_and_the_files(still: Net) -> None:
    net, cli = still, Cli(still.member(1).config)
    maker, found_keys = net.member(1), keys(cli)
    for name in ("anchor", "sign", "admin", "recovery"):
        one = found_keys[shown(getattr(maker, name).address)]
        assert (one["purpose"], one["state"]) == (name, "valid")
        assert str(one["file"]).endswith(f"keys/{name}.json")
    said = cli("key", "list")
    assert shown(maker.anchor.address) in said.out
    assert shown(net.member(2).anchor.address) not in said.out


@pytest.mark.parametrize("purpose", ["anchor", "sign"])
def test_rotate_makes_adds_switches_and_revokes(net: Net, cli: Cli, purpose: str) -> None:
    maker = net.member(1)
    old = shown(getattr(maker, purpose).address)
    said = cli("key", "rotate", purpose, "--yes", "--json")
    assert said.status == 0, said.err
    assert "Replace the" in said.err
    assert "signed with the admin key" in said.err
    made = said.json()
    assert made["revoked"] == [old]
    after = keys(cli)
    assert after[old]["state"] == "revoked"
    assert str(after[old]["file"]).endswith(f"{purpose}.old-{old[2:10]}.json")
    assert (after[made["address"]]["state"], after[made["address"]]["purpose"]) == (
        "valid",
        purpose,
    )
    assert str(after[made["address"]]["file"]).endswith(f"keys/{purpose}.json")
    file = maker.config.parent / "keys" / f"{purpose}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    passphrase = (file.parent / "passphrase").read_text().strip()
    assert shown(load_keystore(file, passphrase).address) == made["address"]


def test_while_a_gateway_runs_the_old_key_is_kept_until_it_was_restarted(
    net: Net, cli: Cli
) -> None:
    settings, old = load_settings(net.member(1).config), shown(net.member(1).sign.address)

    async def rotate_meanwhile(*arguments: str) -> Said:
        async with open_database(settings):  # what a running gateway holds
            return await asyncio.to_thread(cli, "key", "rotate", "sign", "--yes", *arguments)

    said = asyncio.run(rotate_meanwhile("--json"))
    assert said.status == 12, said.err
    assert said.json()["waitingForRestart"] == [old]
    assert "sealtrail key rotate sign --restarted" in said.err
    assert keys(cli)[old]["state"] == "valid"
    count = len(keys(cli))
    assert asyncio.run(rotate_meanwhile()).status == 12  # no second new key
    assert len(keys(cli)) == count
    assert asyncio.run(rotate_meanwhile("--restarted")).status == 0
    assert keys(cli)[old]["state"] == "revoked"


def test_nothing_is_signed_without_a_yes(still: Net) -> None:
    net, cli = still, Cli(still.member(1).config)
    before, files = keys(cli), sorted((net.member(1).config.parent / "keys").iterdir())
    for command in (
        ("key", "rotate", "anchor"),
        ("key", "rotate", "admin"),
        ("key", "revoke", shown(net.member(1).anchor.address)),
    ):
        asked = cli(*command)
        assert (asked.status, asked.tries()) == (2, "add --yes")
        dry = cli(*command, "--dry-run", "--json")
        assert dry.status == 0, dry.err
        assert dry.json()["done"] is False
        assert "Nothing was signed or sent." in dry.err
    assert keys(cli) == before
    assert sorted((net.member(1).config.parent / "keys").iterdir()) == files


def test_revoke_says_what_follows(net: Net, cli: Cli) -> None:
    anchor, sign = (shown(one.address) for one in (net.member(1).anchor, net.member(1).sign))
    said = cli("key", "revoke", anchor, "--yes")
    assert said.status == 0, said.err
    assert "What it signed before stays valid." in said.err
    assert "anchoring stops until it runs with another key" in said.err
    assert keys(cli)[anchor]["state"] == "revoked"
    again = cli("key", "revoke", anchor, "--yes")
    assert (again.status, "revoked already" in again.err) == (0, True)
    since = "2026-03-01T08:00:00+08:00"
    worse = cli("key", "revoke", anchor, "--yes", "--compromised-since", since)
    assert worse.status == 0, worse.err
    assert "proves nothing any more, and every verifier will say so" in worse.err
    assert keys(cli)[anchor]["compromisedSince"] == "2026-03-01T00:00:00Z"
    later = cli("key", "revoke", anchor, "--yes", "--compromised-since", "2026-04-01T00:00:00Z")
    assert "nothing to do" in later.err
    assert cli("key", "revoke", sign, "--yes", "--compromised-since", "1700000000").status == 0
    assert keys(cli)[sign]["state"] == "compromised"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("key", "revoke", "0xab"), "40 hex digits"),
        (("key", "revoke", "0x" + "ab" * 20), "no anchor or sign key of participant 1"),
        (("key", "revoke", "0x" + "ab" * 20, "--compromised-since", "then"), "no time"),
        (("key", "revoke", "0x" + "ab" * 20, "--compromised-since", "2026-03-01T08:00"), "no time"),
        (("key", "revoke", "0x" + "ab" * 20, "--compromised-since", "9" * 30), "past"),
        (("key", "revoke", "0x" + "ab" * 20, "--compromised-since", "2999-01-01T00:00Z"), "past"),
        (("key", "revoke", "0x" + "ab" * 20, "--compromised-since", "0"), "past"),
        (("key", "rotate", "anchor", "--address", "0x" + "ab" * 20), "not with a remote signer"),
        (("key", "rotate", "sign", "--address", "0x" + "ab" * 20), "not with a remote signer"),
    ],
)
def test_bad_arguments_are_said_before_anything_is_signed(
    still: Net, arguments: tuple[str, ...], said: str
) -> None:
    answer = Cli(still.member(1).config)(*arguments, "--yes")
    assert answer.status == 2
    assert answer.tries()
    assert said in answer.err


def test_somebody_elses_key_signs_nothing(still: Net) -> None:
    net, cli = still, Cli(still.member(1).config)
    seller = net.member(2)
    assert seller.folder is not None
    passphrase = str(seller.folder / "keys" / "passphrase")
    strange = ("--keystore", str(seller.folder / "keys" / "admin.json"))
    env = {"SEALTRAIL_KEYS__PASSPHRASE_FILE": passphrase}
    said = cli("key", "rotate", "anchor", "--yes", *strange, **env)
    assert said.status == 1
    assert "is not the admin key of participant 1" in said.err
    revoke = cli("key", "revoke", shown(net.member(1).anchor.address), "--yes", *strange, **env)
    assert revoke.status == 1
    assert "is not the key that may do this for participant 1" in revoke.err
    assert revoke.tries().startswith("sealtrail key list")
    admin = cli("key", "rotate", "admin", "--yes", *strange, **env)
    assert "is not the recovery key of participant 1" in admin.err


def test_another_chain_is_said(net: Net, cli: Cli) -> None:
    network = net.member(1).config.parent / "network.json"
    content = json.loads(network.read_text())
    network.write_text(json.dumps(content | {"chainId": 77}))
    said = cli("key", "revoke", shown(net.member(1).anchor.address), "--yes")
    assert said.status == 13
    assert "is chain 4242, agreed on was chain 77" in said.err


def test_the_admin_key_is_replaced_by_the_recovery_key(net: Net, cli: Cli) -> None:
    maker = net.member(1)
    said = cli("key", "rotate", "admin", "--yes", "--json")
    assert said.status == 0, said.err
    assert "no vote, no delay" in said.err
    new = said.json()["address"]
    state = keys(cli)[new]
    assert (state["purpose"], str(state["file"]).endswith("keys/admin.json")) == ("admin", True)
    assert maker.folder is not None
    kept = maker.folder / "keys" / f"admin.old-{maker.admin.address.hex()[:8]}.json"
    assert keystore_address(kept) == maker.admin.address
    assert cli("key", "rotate", "anchor", "--yes").status == 0  # the new one signs
    (maker.folder / "keys" / "admin.json").unlink()  # lost: the recovery key makes another
    assert cli("key", "rotate", "admin", "--yes").status == 0


def test_a_key_with_a_remote_signer_is_added_and_the_settings_said(net: Net, cli: Cli) -> None:
    maker, new = net.member(1), Signer.from_key(KEY)
    old = maker.config.read_text()
    with SigningServer(KEY) as server:
        text = old.replace(
            'anchor_keystore = "keys/anchor.json"',
            f'anchor_signer = "{server.url}"\nanchor_address = "{shown(maker.anchor.address)}"',
        )
        maker.config.write_text(text)
        missing = cli("key", "rotate", "anchor", "--address", "0x" + "ab" * 20, "--yes")
        assert "the remote signer has no key of 0xabab" in missing.err
        without = cli("key", "rotate", "anchor", "--yes")
        assert without.status == 2
        assert "--address" in without.tries()
        said = cli("key", "rotate", "anchor", "--address", shown(new.address), "--yes", "--json")
        assert said.status == 12, said.err
        assert f'anchor_address = "{shown(new.address)}"' in said.err
        assert keys(cli)[shown(new.address)]["state"] == "valid"
        again = cli("key", "rotate", "anchor", "--address", shown(new.address), "--yes")
        assert (again.status, "on the chain already" in again.err) == (12, True)
        checked = cli("doctor")
        assert f"has the key of {shown(maker.anchor.address)}" not in checked.out
        assert f"has no key of {shown(maker.anchor.address)}" in checked.out


# --- a crash at every step


class StoppedError(Exception):
    """Stands for a process that ends."""


def stopping_at(step: str) -> Callable[[str], None]:
    def stop(now: str) -> None:
        if now == step:
            raise StoppedError(step)

    return stop


async def rotate_until(settings: Settings, folder: Path, purpose: str, step: str) -> None:
    """Rotate a key, and end as by a crash after `step`."""
    recovery = folder / "recovery.json" if purpose == "admin" else None
    otherwise = folder / "admin.json"
    async with open_key_signing(settings, otherwise=otherwise, keystore=recovery) as signing:
        stop = stopping_at(step)
        if purpose == "admin":
            admin = admin_rotation_of(settings, otherwise, signing, on_step=stop)
            await admin.carry_out(await admin.plan())
        else:
            rotation = rotation_of(settings, purpose, signing, on_step=stop)
            await rotation.carry_out(await rotation.plan())


CRASHES = [("anchor", step) for step in ("made", "added", "switched", "revoked")]
CRASHES += [("admin", step) for step in ("made", "added", "switched")]


@pytest.mark.parametrize(("purpose", "step"), CRASHES)
def test_a_rotation_goes_on_after_a_crash_at_any_step(
    net: Net, cli: Cli, purpose: str, step: str
) -> None:
    maker = net.member(1)
    settings, folder = load_settings(maker.config), maker.config.parent / "keys"
    with pytest.raises(StoppedError):
        asyncio.run(rotate_until(settings, folder, purpose, step))
    begun = {one for one in keys(cli) if keys(cli)[one]["purpose"] == purpose}
    if purpose == "anchor":  # a gateway that starts now can work
        now_open = shown(keystore_address(folder / "anchor.json"))
        assert keys(cli)[now_open]["state"] == "valid"
    finished = step == "revoked" or (purpose, step) == ("admin", "switched")
    if not finished:
        said = cli("key", "rotate", purpose, "--yes")
        assert said.status == 0, said.err
    after = keys(cli)
    in_use = shown(keystore_address(folder / f"{purpose}.json"))
    assert after[in_use]["state"] == "valid"
    assert not list(folder.glob("*.next.json"))
    assert not list(folder.glob("*.tmp"))
    of_purpose = {one for one in after if after[one]["purpose"] == purpose}
    if purpose == "anchor":
        assert [after[one]["state"] for one in sorted(of_purpose)].count("valid") == 1
        assert len(of_purpose) == 2  # one new key, not two
        assert begun <= of_purpose
    else:
        assert of_purpose == {in_use}


def test_a_next_key_that_was_revoked_is_not_used(net: Net, cli: Cli) -> None:
    maker = net.member(1)
    settings, folder = load_settings(maker.config), maker.config.parent / "keys"
    with pytest.raises(StoppedError):
        asyncio.run(rotate_until(settings, folder, "anchor", "added"))
    begun = shown(keystore_address(folder / "anchor.next.json"))
    assert cli("key", "revoke", begun, "--yes").status == 0
    said = cli("key", "rotate", "anchor", "--yes")
    assert said.status == 1
    assert "is revoked on the chain" in said.err
    assert "anchor.next.json" in said.tries()


async def test_a_limited_key_is_followed_by_one_with_the_same_limits(
    chain: Anvil, tmp_path: Path
) -> None:
    net = await found(chain, [Person("maker")], folder=tmp_path)
    settings = load_settings(net.member(1).config)
    folder = net.member(1).config.parent / "keys"
    async with open_key_signing(settings, otherwise=folder / "admin.json") as signing:
        stream = (1 << 16) + 3
        limited = Signer.from_key(KEY)
        await signing.governor.call(signing.calls.add(limited.address, 1, (stream,)))
        (folder / "anchor.json").unlink()
        passphrase = (folder / "passphrase").read_text().strip()
        create = Cli(tmp_path)
        (tmp_path / "hex").write_text(KEY.hex())
        made = await asyncio.to_thread(
            create,
            *("key", "import", str(folder / "anchor.json"), "--from", str(tmp_path / "hex")),
            SEALTRAIL_PASSPHRASE=passphrase,
        )
        assert made.status == 0, made.err
        rotation = rotation_of(settings, "anchor", signing)
        done = await rotation.carry_out(await rotation.plan())
        own = await signing.calls.read()
        assert own.streams[done.address] == (stream,)
        assert done.revoked == (limited.address,)


async def test_two_rotations_at_once_make_one_key(chain: Anvil, tmp_path: Path) -> None:
    net = await found(chain, [Person("maker")], folder=tmp_path)
    settings = load_settings(net.member(1).config)
    folder = net.member(1).config.parent / "keys"
    rpc = EvmRpc(chain.url)
    try:
        async with open_key_signing(settings, otherwise=folder / "admin.json") as signing:
            other = KeySigning(
                signing.calls, Governor(rpc, net.member(1).admin, net.network.chain_id)
            )
            both = [rotation_of(settings, "anchor", one) for one in (signing, other)]
            plans = [await one.plan() for one in both]
            outcomes = await asyncio.gather(
                *(one.carry_out(plan) for one, plan in zip(both, plans, strict=True)),
                return_exceptions=True,
            )
            assert sum(isinstance(one, BaseException) for one in outcomes) == 1
            own = await signing.calls.read()
            assert len([one for one in own.keys if one.purpose == 1]) == 2
    finally:
        await rpc.close()
