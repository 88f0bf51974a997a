"""Requests between gateways over TLS: the usual trust, a pinned certificate, mutual TLS."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from node_gateway.settings_partners import PeersSection
from tests.anvil import Anvil
from tests.gateway.running import BATCHING
from tests.partners import HOST, PEERS, WISHES, Person, Town, _reserved, _Server, town

QUIET = WISHES.but(batching=BATCHING)


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path


def self_signed(folder: Path, name: str) -> Pair:
    """Make a certificate for 127.0.0.1 that nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pair


@asynccontextmanager
async def tls_in_front(t: Town, port: int, own: Pair, clients: Path | None) -> AsyncIterator[None]:
    """Serve the shop's gateway over TLS; with `clients`, only to those who show such a one."""
    server = _Server(
        uvicorn.Config(
            t["shop"].app,
            host=HOST,
            port=port,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=own.certificate,
            ssl_keyfile=own.key,
            ssl_ca_certs=None if clients is None else str(clients),
            ssl_cert_reqs=ssl.CERT_NONE if clients is None else ssl.CERT_REQUIRED,
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def outcome(t: Town, peers: PeersSection) -> str | None:
    """Restart the maker with other settings; return what is wrong between it and the shop."""
    await t.restart("maker", QUIET.but(sections={"peers": peers}))
    answer = await t["maker"].client.post("/v1/peers/shop/ping")
    code: str | None = answer.json()["code"]
    return code


async def test_certificates(anvil: Anvil, template: Path, tmp_path: Path) -> None:
    with _reserved() as reserved:
        port = reserved.getsockname()[1]
    shop, maker, other = (self_signed(tmp_path, one) for one in ("shop", "maker", "other"))
    pins = {name: tmp_path / f"pins-{name}" for name in ("right", "wrong")}
    for folder, pair in ((pins["right"], shop), (pins["wrong"], other)):
        folder.mkdir()
        (folder / "shop.pem").write_bytes(pair.certificate.read_bytes())
    people = [Person("maker"), Person("shop", url=f"https://{HOST}:{port}")]
    usual = PEERS.model_copy(update={"allow_http": False})
    trusting = usual.model_copy(update={"ca_file": shop.certificate})
    shown = {"client_certificate_file": maker.certificate, "client_key_file": maker.key}
    async with town(anvil, template, tmp_path / "town", people, wishes=QUIET) as t:
        async with tls_in_front(t, port, shop, None):
            assert await outcome(t, usual) == "peer_tls"
            assert await outcome(t, trusting) is None
            right = usual.model_copy(update={"pinned_folder": pins["right"]})
            assert await outcome(t, right) is None
            wrong = trusting.model_copy(update={"pinned_folder": pins["wrong"]})
            assert await outcome(t, wrong) == "peer_tls"
        async with tls_in_front(t, port, shop, maker.certificate):
            # TLS 1.3 refuses a client after its handshake: that looks like an answer broken off.
            assert await outcome(t, trusting) in ("peer_tls", "peer_answer")
            assert await outcome(t, trusting.model_copy(update=shown)) is None
