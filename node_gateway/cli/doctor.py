"""`sealtrail status` and `sealtrail doctor`."""

from __future__ import annotations

import asyncio
import errno
import platform
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import FAILURE, command, put, table
from node_gateway.errors import GatewayError

CLOCK_TOLERANCE_S = 30
DISK_FREE_MIB_MIN = 512
MIB = 1024 * 1024
_PYTHON_MIN = (3, 11)

Check = tuple[str, bool, str]
"""(name, holds, what was found or what to try)."""


@command
def status(
    config: ConfigOption = DEFAULT_CONFIG, gateway: GatewayOption = None, json: JsonOption = False
) -> None:
    """Show what the gateway is doing, at a glance."""
    answer = Client.from_config(config, gateway).get("/v1/status")
    if json:
        put(answer)
        return
    rows = [
        ["participant", str(answer["participant"])],
        ["state", answer["state"] + (f" ({answer['reason']})" if answer["reason"] else "")],
        ["degraded", answer["degraded"] or "no"],
        ["events", str(answer["events"])],
        ["block seen", str(answer["head"])],
        ["anchors not final", f"{answer['pendingAnchors']} (oldest {answer['lagS']} s)"],
        ["promises", answer["promises"]["state"].replace("_", " ")],
        ["recalls", _recalls_line(answer["notices"])],
    ]
    rows += [
        [
            f"stream {one['stream']}",
            _stream_line(one),
        ]
        for one in answer["streams"]
    ]
    table("", ["", ""], rows)


def _recalls_line(notices: dict[str, int]) -> str:
    if not notices["here"]:
        return f"{notices['standing']} stand, none about products here"
    return f"{notices['here']} about products here: sealtrail notice list --standing"


def _stream_line(one: dict[str, Any]) -> str:
    batched, final = one["lastSequence"], one["lastFinalSequence"]
    return f"{one['waiting']} waiting, batched to {batched}, final to {final}"


@command
def doctor(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """Check everything that a gateway needs, and say what to do about what is missing."""
    checks = asyncio.run(_checks(config))
    if json:
        put([{"check": name, "ok": holds, "detail": text} for name, holds, text in checks])
    else:
        for name, holds, text in checks:
            typer.echo(f" {'ok ' if holds else 'NOT'} {name:12} {text}")
    if not all(holds for _, holds, _ in checks):
        raise typer.Exit(FAILURE)


async def _checks(config: Path) -> list[Check]:
    checks: list[Check] = [("python", sys.version_info >= _PYTHON_MIN, platform.python_version())]
    checks.append(pages())
    from node_gateway.settings import load_settings

    try:
        settings = load_settings(config)
    except GatewayError as error:
        return [*checks, ("settings", False, f"{error}. Try: {error.hint or 'correct the file'}")]
    checks.append(("settings", True, str(config)))
    checks.append(_guarded("keys", lambda: _keys(settings)))
    if settings.keys.anchor_signer is not None:
        checks.append(await _signer(settings))
    checks.append(await _database(settings))
    checks += await _chain(settings)
    checks.append(_disk(settings))
    checks.append(_port(settings.gateway.host, settings.gateway.port))
    return checks


def pages() -> Check:
    """Compare the built pages with the manifest that was written when they were built.

    The hash is one over all of them (`assets.digest`): two builds of one release have the same.
    """
    from node_gateway.web import assets

    repair = "Try: make setup in a checkout; elsewhere install the wheel again"
    try:
        wrong = assets.damaged()
    except assets.AssetsMissingError as error:
        return "pages", False, f"{error}. {repair}"
    if wrong:
        return "pages", False, f"not as they were built: {', '.join(wrong)}. {repair}"
    count = len(assets.manifest())
    return "pages", True, f"{count} files as they were built, sha256 {assets.digest()}"


def _guarded(name: str, check: Callable[[], str]) -> Check:
    try:
        return name, True, check()
    except Exception as error:  # noqa: BLE001  a doctor lists what fails, whatever it is
        return name, False, f"{error}. Try: check the section [{name}] and SEALTRAIL_PASSPHRASE"


def _keys(settings: Any) -> str:
    from node_gateway.signers import open_keys

    keys = open_keys(settings.keys)
    return f"anchor 0x{keys.anchor.address.hex()}, sign 0x{keys.sign.address.hex()}"


async def _signer(settings: Any) -> Check:
    from anchoring.chain.remote_signer import RemoteSigner
    from anchoring.errors import AnchoringError
    from node_gateway.signers import open_anchor

    try:
        signer = open_anchor(settings.keys)
    except (AnchoringError, GatewayError) as error:
        return "signer", False, f"{error}. Try: check the section [keys]"
    if not isinstance(signer, RemoteSigner):
        return "signer", True, "the anchor key is in its file"
    try:
        known = signer.address in await signer.accounts()
    except AnchoringError as error:
        return "signer", False, f"{error}. Try: check that it runs, and keys.anchor_signer"
    finally:
        await signer.close()
    has = "has the key" if known else "has no key"
    text = f"{signer.name} {has} of 0x{signer.address.hex()}"
    return "signer", known, text if known else f"{text}. Try: check keys.anchor_address"


async def _database(settings: Any) -> Check:
    from node_gateway.storage.errors import DatabaseInUseError, StorageError
    from node_gateway.wiring import open_database

    try:
        async with open_database(settings) as store:
            counted = (await store.status()).event_count
            return "database", True, f"{counted} events"
    except DatabaseInUseError:
        return "database", True, "in use by a running gateway"
    except StorageError as error:
        return "database", False, f"{error}. Try: sealtrail db upgrade"


async def _chain(settings: Any) -> list[Check]:
    from anchoring.chain.evm_reader import EvmReader
    from anchoring.chain.network import load_network
    from anchoring.chain.rpc import EvmRpc
    from anchoring.errors import AnchoringError

    try:
        network = load_network(settings.chain.network_file)
    except AnchoringError as error:
        return [("network", False, f"{error}. Try: sealtrail chain deploy")]
    rpc = EvmRpc(settings.chain.rpc)
    try:
        reader = EvmReader(rpc)
        chain_id, genesis = await reader.chain_id(), await reader.genesis_hash()
        registry = network.registries[0]
        code_hash = await reader.code_hash(registry.address)
        head = await reader.head()
    except AnchoringError as error:
        return [("chain", False, f"{error}. Try: check chain.rpc")]
    finally:
        await rpc.close()
    same = (chain_id, genesis) == (network.chain_id, network.genesis_hash)
    behind_s = int(time.time()) - head.time
    return [
        (
            "chain",
            same,
            f"chain {chain_id}, block {head.number}" + ("" if same else ": another one"),
        ),
        ("contract", code_hash == registry.code_hash, f"registry 0x{registry.address.hex()}"),
        ("clock", behind_s > -CLOCK_TOLERANCE_S, f"newest block is {behind_s} s old"),
    ]


def _port(host: str, port: int) -> Check:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return "port", False, f"{host} is no address of this machine"
            if _is_gateway(host, port):
                return "port", True, f"{port} is in use by a running gateway"
            return "port", False, f"{port} is in use. Try: sealtrail serve --port with a free one"
    return "port", True, f"{port} is free"


def _is_gateway(host: str, port: int) -> bool:
    name = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{name}:{port}/healthz", timeout=2) as answer:
            return bool(answer.read(100) == b'{"status":"ok"}')
    except (OSError, ValueError):
        return False


def _disk(settings: Any) -> Check:
    """A gateway whose disk is full takes no captures; say so before."""
    url = settings.gateway.database
    folder = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite") else Path.cwd()
    free_mib = shutil.disk_usage(folder if folder.is_dir() else Path.cwd()).free // MIB
    return "disk", free_mib >= DISK_FREE_MIB_MIN, f"{free_mib} MiB free"
