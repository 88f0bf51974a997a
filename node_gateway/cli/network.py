"""`sealtrail network`: what a network file says, who signed it, and how two of them differ."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    PENDING,
    USAGE,
    CommandError,
    command,
    confirmed,
    put,
    say,
    talk,
)

if TYPE_CHECKING:
    from anchoring.chain.network import Contract, Network
    from anchoring.chain.network_check import SignatureFinding
    from anchoring.chain.signer import Signer

app = typer.Typer(no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="Network file.")]
_LABEL_WIDTH = 14


@app.command("show")
@command
def show(file: FileArgument, json: JsonOption = False) -> None:
    """Say in plain words what a network file makes its owner trust. Asks nobody."""
    from anchoring.chain.network import load_network
    from anchoring.chain.network_check import signatures_alone
    from anchoring.chain.network_signing import content_hash

    network = load_network(file)
    findings, content = signatures_alone(network), content_hash(network)
    if json:
        signatures = [_as_data(one) for one in findings]
        put({**network.to_json(), "content": content.hex(), "signatures": signatures})
        return
    for label, text in _lines(network):
        _put_line(label, text)
    for one in findings:
        _put_line("signature", one.text)
    if not findings:
        _put_line("signature", "nobody signed it")
    _put_line("content", content.hex())
    say("Compare `content` with a participant that you know, by another way than this file came.")


@app.command("compare")
@command
def compare(
    first: Annotated[Path, typer.Argument(help="A network file, such as one's own.")],
    second: Annotated[Path, typer.Argument(help="Another one.")],
    json: JsonOption = False,
) -> None:
    """Say in words what differs. Ends with 10 if anything that carries trust does."""
    from anchoring.chain.network import load_network
    from anchoring.chain.network_compare import differences

    found = differences(load_network(first), load_network(second))
    same = not any(one.carries_trust for one in found)
    if json:
        shown = [
            {"pointer": one.pointer, "text": one.text, "carriesTrust": one.carries_trust}
            for one in found
        ]
        put({"same": same, "differences": shown})
    else:
        for one in found:
            _put_line("✗" if one.carries_trust else "-", one.text, width=1)
        words = "the same network" if same else "not the same network"
        typer.echo(f"{'✓' if same else '✗'} {words}")
    if not same:
        raise typer.Exit(MISMATCH)


@app.command("sign")
@command
def sign(
    file: FileArgument,
    participant: Annotated[
        int | None, typer.Option(min=1, help="Whose signature; otherwise the gateway's own id.")
    ] = None,
    keystore: Annotated[
        Path | None, typer.Option(help="Admin key; otherwise keys/admin.json of the gateway.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Of that keystore; otherwise as the settings say.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Add the participant's signature, made with its admin key, over the rest of the file."""
    from anchoring.chain.network import load_network, write_network
    from anchoring.chain.network_check import signatures_alone
    from anchoring.chain.network_signing import content_hash, signed

    network = load_network(file)
    for label, text in _lines(network):
        say(f"{label:<{_LABEL_WIDTH}} {text}")
    say(f"{'content':<{_LABEL_WIDTH}} {content_hash(network).hex()}")
    for one in signatures_alone(network):
        if one.is_wrong:
            say(f"! {one.text}: the file was changed since")
    say("Whoever trusts you will take this for the network. Nothing is sent.")
    if not yes and not confirmed("Is this your network? Sign it?"):
        raise CommandError("nothing was signed", attempt="add --yes", status=USAGE)
    number, signer = _admin(config, participant, keystore, passphrase_file)
    made = signed(network, number, signer)
    write_network(file, made)
    if json:
        put(
            {"participant": number, "address": signer.address.hex(), "signed": len(made.signatures)}
        )
    say(f"Signed as participant {number} with 0x{signer.address.hex()}; {file} is written.")
    say(f"Next: sealtrail network check {file} --rpc URL")


@app.command("check")
@command
def check(
    file: FileArgument,
    rpc: Annotated[
        str | None, typer.Option(help="A chain endpoint that YOU chose; never one of the file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say whose signatures are valid, and who has not signed. Who is who only the chain says.

    Ends with 0 if every participant signed, 12 if some have not, 10 if a signature is wrong or
    the endpoint is of another chain than the file's, and 13 without --rpc or if nobody answers:
    that a key belongs to a participant cannot be seen in the file.
    """
    from anchoring.chain.network import load_network
    from anchoring.chain.network_check import SignatureState, signatures_alone

    network = load_network(file)
    if rpc is None:
        found = signatures_alone(network)
    else:
        with talk().status("asking the Consortium"):
            found = asyncio.run(_asked(network, rpc))
    status = CANNOT_CHECK if rpc is None else 0
    if any(one.state is SignatureState.NOT_SIGNED for one in found):
        status = PENDING
    if any(one.is_wrong for one in found):
        status = MISMATCH
    if json:
        put({"checked": rpc is not None, "status": status, "signatures": _all_data(found)})
    else:
        for one in found:
            _put_line(_mark(one), one.text, width=1)
    if rpc is None and not json:
        say("Whether these keys are the participants' own only the chain says.")
        say("Try: --rpc URL of an endpoint that you chose")
    if status:
        raise typer.Exit(status)


async def _asked(network: Network, url: str) -> list[SignatureFinding]:
    from anchoring.chain.evm_reader import EvmReader
    from anchoring.chain.network_check import signatures_on_chain
    from anchoring.chain.rpc import EvmRpc
    from anchoring.errors import ChainIdentityError

    rpc = EvmRpc(url)
    try:
        return await signatures_on_chain(network, EvmReader(rpc))
    except ChainIdentityError as error:
        attempt = "an endpoint of this network, or compare the file with the others'"
        raise CommandError(str(error), attempt=attempt, status=MISMATCH) from error
    finally:
        await rpc.close()


def _admin(
    config: Path, participant: int | None, keystore: Path | None, passphrase_file: Path | None
) -> tuple[int, Signer]:
    """Return who signs and its admin key; the settings give what the options leave out."""
    from anchoring.chain.keystore import load_keystore
    from node_gateway.settings import load_settings
    from node_gateway.settings_keys import KeysSection
    from node_gateway.signers import passphrase

    if participant is not None and keystore is not None:
        keys = KeysSection(
            anchor_keystore=keystore, sign_keystore=keystore, passphrase_file=passphrase_file
        )
        return participant, load_keystore(keystore, passphrase(keys))
    settings = load_settings(config)
    keys = settings.keys
    if passphrase_file is not None:
        keys = keys.model_copy(update={"passphrase_file": passphrase_file})
    path = keystore or keys.admin_keystore or config.parent / "keys" / "admin.json"
    return participant or settings.gateway.participant, load_keystore(path, passphrase(keys))


def _lines(network: Network) -> list[tuple[str, str]]:
    lines = [
        ("chain", f"id {network.chain_id}, block 0 is {network.genesis_hash.hex()}"),
        ("Consortium", _pinned(network.consortium, network.consortium_code_hash)),
    ]
    names = ("registry", *("older registry" for _ in network.registries[1:]))
    lines += [(name, _placed(one)) for name, one in zip(names, network.registries, strict=True)]
    missing = "none: nobody's right to a prefix can be checked"
    lines.append(("CodeRegistry", _placed(network.code_registry) or missing))
    missing = "none: no recall can be seen on the chain"
    lines.append(("NoticeBoard", _placed(network.notice_board) or missing))
    sealing = ", ".join(f"0x{one.hex()}" for one in network.validators)
    lines.append(("validators", sealing or "none: who seals blocks is not checked"))
    for group in network.witnesses:
        who = f"participant {group.participant}" if group.participant else "no participant"
        lines.append(("witness", f"{group.organisation} ({who}): {', '.join(group.urls)}"))
    if not network.witnesses:
        lines.append(("witness", "none: name endpoints of your own with --rpc"))
    return lines


def _pinned(address: bytes, code_hash: bytes | None) -> str:
    code = f"code {code_hash.hex()}" if code_hash is not None else "its code is not pinned"
    return f"0x{address.hex()}, {code}"


def _placed(contract: Contract | None) -> str:
    return _pinned(contract.address, contract.code_hash) if contract is not None else ""


def _put_line(label: str, text: str, *, width: int = _LABEL_WIDTH) -> None:
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    typer.echo(f"{label:<{width}} {shown}")


def _mark(finding: SignatureFinding) -> str:
    if finding.is_wrong:
        return "✗"
    return "-" if finding.address is None else "✓"


def _as_data(finding: SignatureFinding) -> dict[str, Any]:
    address = finding.address.hex() if finding.address is not None else None
    return {
        "participant": finding.participant,
        "name": finding.name,
        "state": finding.state.value,
        "address": address,
    }


def _all_data(findings: Sequence[SignatureFinding]) -> list[dict[str, Any]]:
    return [_as_data(one) for one in findings]
