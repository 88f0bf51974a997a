"""F25: words planted in an event, and secrets, leave nowhere, whatever goes wrong (I9)."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
from pathlib import Path

import httpx2

from node_gateway.epcis.event_hash import EventHashVersion, event_hash, parse_event_hash
from tests.faults.auditing import query
from tests.faults.conftest import NewChain
from tests.faults.documents import CONTEXT, event, single
from tests.faults.world import (
    BLOCK_S,
    PASSPHRASE,
    Chain,
    Forks,
    GatewayProcess,
    Home,
    Template,
    private_key,
    until,
)

SERIAL = "7731990442"
WORDS = ("PLANTED-LOT", "PLANTED-ORDER", "6905678773", "planted remark", SERIAL, "1977-07-07")


def planted(name: str, **members: object) -> dict[str, object]:
    return {
        **event(
            name,
            codes=[f"urn:epc:id:sgtin:6901234.012345.{SERIAL}"],
            time="1977-07-07T07:07:07.000+08:00",
        ),
        "action": "ADD",
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:6901234000017:PLANTED-ORDER"}
        ],
        "destinationList": [
            {"type": "owning_party", "destination": "urn:epc:id:pgln:6905678.77319"}
        ],
        "ilmd": {"cbvmda:lotNumber": "PLANTED-LOT"},
        "https://example.org/remark": "planted remark",
        **members,
    }


class Heard:
    """Everything that left the gateway towards people who are not entitled to the event."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def answer(self, one: httpx2.Response) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in one.headers.items())
        self.parts.append(headers.encode() + b"\n\n" + one.content)

    def holds(self, secret: bytes) -> list[bytes]:
        """Return where a secret stands: as it is, as hex, or as base64url, in any case of hex."""
        forms = {secret, secret.hex().encode(), base64.urlsafe_b64encode(secret).rstrip(b"=")}
        return [part[:300] for part in self.parts for form in forms if form in part]


async def _provoke(client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, heard: Heard) -> None:
    """Make every kind of error that comes with the planted event."""
    good = planted("a")
    bodies = [
        single({**good, "eventTime": "1977-07-07"}),
        single({**good, "action": "PLANTED-LOT"}),
        single({**good, "bizStep": "planted remark"}),
        single({**good, "epcList": [f"urn:epc:id:sgtin:6901234.012345.{SERIAL}", 7]}),
        # The hint of a wrong check digit is the sender's own identifier, put right.
        single({**good, "epcList": ["https://id.gs1.org/01/06901234123450/21/1"]}),
        single({**good, "unheardOf": {"a": "planted remark"}}),  # names of members may be said
        single({**good, "sealtrail:act": "planted remark"}),
        single(planted("a", disposition="in_transit")),  # known with other content
        json.dumps({"@context": [CONTEXT], **good}).encode()[:-30],
    ]
    for body in bodies:
        refused = await client.post("/epcis/events", content=body)
        assert refused.status_code in (400, 409), refused.text
        heard.answer(refused)
    entry = (await client.post("/epcis/events", content=single(good))).json()["entry"]
    for path in (
        *("/metrics", "/readyz", "/healthz", "/v1/anchors", "/v1/status", "/v1/none"),
        *("/v1/streams/65536/anchors/1/entries", "/v1/events/" + "0" * 64),
        *(f"/v1/events/{entry}", f"/v1/events/{entry}/bundle", f"/v1/events/{entry}/receipt"),
        *(f"/epcis/events/{good['eventID']}", "/epcis/capture/none", "/v1/codes/none"),
        f"/v1/events/{entry}/bundle?audience=public",
    ):
        heard.answer(await stranger.get(path))
    for path in ("/metrics", "/v1/status", f"/v1/events/{entry}/receipt", "/v1/anchors"):
        heard.answer(await client.get(path))


async def test_f25_planted_words_leave_nowhere(
    new_chain: NewChain, template: Template, forks: Forks, tmp_path: Path
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home")
    heard = Heard()
    process = await GatewayProcess.start(forks, home)
    async with process.client() as client, httpx2.AsyncClient(base_url=process.url) as stranger:
        await until(lambda: _is_ready(client))
        taken = await client.post("/epcis/events", content=single(planted("a")))
        assert taken.status_code == 201, taken.text
        entry = taken.json()["entry"]
        await _provoke(client, stranger, heard)
    assert process.end(signal.SIGKILL) == -signal.SIGKILL

    secrets = [bytes(one) for (one,) in query(home, "SELECT secret FROM event")]
    assert secrets
    process = await GatewayProcess.start(forks, home)
    async with process.client() as client, httpx2.AsyncClient(base_url=process.url) as stranger:
        await until(lambda: _is_ready(client))
        await until(lambda: _is_final(client, entry))
        chain.anvil.rpc("evm_setIntervalMining", 0)
        await _provoke(client, stranger, heard)
        os.kill(process.pid, signal.SIGSTOP)
        with sqlite3.connect(home.file) as connection:
            connection.execute("UPDATE event SET fields_root = zeroblob(32)")
        connection.close()
        os.kill(process.pid, signal.SIGCONT)
        for path in (f"/v1/events/{entry}/bundle", f"/v1/events/{entry}/bundle?audience=partner"):
            broken = await client.get(path)
            assert broken.status_code == 500
            heard.answer(broken)
        erased = await client.delete(f"/v1/events/{entry}")
        heard.answer(erased)
        heard.answer(await client.get(f"/v1/events/{entry}/bundle"))
    assert process.end(signal.SIGTERM) == 0
    heard.parts.append(home.log.read_bytes())
    heard.parts += _chain_data(chain)
    assert b'"event": "state"' in home.log.read_bytes()  # the log was written, and read here
    _nothing_planted(heard, secrets, home)


def _nothing_planted(heard: Heard, secrets: list[bytes], home: Home) -> None:
    for word in WORDS:
        assert heard.holds(word.encode()) == [], word
    keys = [private_key("anchor"), private_key("sign")]
    for secret in [*secrets, *keys, home.api_key.encode(), PASSPHRASE.encode()]:
        assert heard.holds(secret) == []
    for version in EventHashVersion:  # its owner asked for it; from it the rest can be tried out
        hashed = parse_event_hash(event_hash(planted("a"), version=version, context=CONTEXT))
        assert heard.holds(bytes.fromhex(hashed.digest)) == []


def _chain_data(chain: Chain) -> list[bytes]:
    """Return every transaction's data and every log, as bytes."""
    found = [bytes.fromhex(one["input"][2:]) for one in chain.transactions()]
    logs = chain.anvil.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    assert logs
    return found + [bytes.fromhex(one["data"][2:]) for one in logs]


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


async def _is_final(client: httpx2.AsyncClient, entry: str) -> bool:
    return bool((await client.get(f"/v1/events/{entry}")).json()["state"] == "final")
