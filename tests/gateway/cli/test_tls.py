"""`sealtrail serve` with TLS, on loopback, with and without certificates of clients."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from node_gateway.backup.contents import files_of
from node_gateway.errors import SettingsError
from node_gateway.listening import certificates
from node_gateway.settings import GatewaySection, load_settings
from tests.gateway.cli.conftest import Cli, start_serving, stop_serving
from tests.gateway.partners.test_peer_tls import Pair, self_signed


@dataclass(frozen=True)
class Secured:
    """A gateway that speaks TLS."""

    folder: Path
    url: str
    own: Pair
    partner: Pair
    stranger: Pair

    def get(self, path: str, shown: Pair | None = None) -> httpx2.Response:
        context = ssl.create_default_context(cafile=str(self.own.certificate))
        if shown is not None:
            context.load_cert_chain(shown.certificate, shown.key)
        with httpx2.Client(verify=context, trust_env=False) as client:
            return client.get(self.url + path)


@pytest.fixture(scope="module")
def secured(deployed_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls") / "maker"
    shutil.copytree(deployed_folder, folder, ignore=shutil.ignore_patterns("*.db-*"))
    inside = folder / "tls"
    inside.mkdir()
    own, partner, stranger = (self_signed(inside, one) for one in ("own", "partner", "stranger"))
    text = (folder / "sealtrail.toml").read_text()
    lines = (
        'tls_certificate_file = "tls/own.pem"\ntls_key_file = "tls/own.key"\n'
        'tls_client_ca_file = "tls/partner.pem"\n'
    )
    assert text.count("[gateway]\n") == 1
    (folder / "sealtrail.toml").write_text(text.replace("[gateway]\n", f"[gateway]\n{lines}"))
    process, url, _ = start_serving(folder)
    try:
        yield Secured(folder, url, own, partner, stranger)
    finally:
        stop_serving(process)


def test_the_public_needs_no_certificate(secured: Secured) -> None:
    assert secured.url.startswith("https://")
    assert secured.get("/healthz").status_code == 200
    assert secured.get("/v1/anchors").status_code == 200


def test_a_client_certificate_is_checked_if_it_is_shown(secured: Secured) -> None:
    assert secured.get("/healthz", secured.partner).status_code == 200
    with pytest.raises(httpx2.HTTPError):  # TLS 1.3 refuses a client after its handshake
        secured.get("/healthz", secured.stranger)


def test_nothing_but_tls_is_spoken(secured: Secured) -> None:
    host, port = secured.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in line.recv(1000)


def test_commands_believe_the_own_certificate_and_no_other(secured: Secured) -> None:
    cli = Cli(secured.folder / "sealtrail.toml")
    port = secured.url.rpartition(":")[2]
    right = cli("status", "--json", SEALTRAIL_GATEWAY__PORT=port)
    assert right.json()["state"], right.err
    other = cli("status", "--json", "--gateway", secured.url, SEALTRAIL_GATEWAY__PORT="1")
    assert other.status != 0
    swapped = str(secured.stranger.certificate)
    wrong = cli(
        *("status", "--json"),
        SEALTRAIL_GATEWAY__PORT=port,
        SEALTRAIL_GATEWAY__TLS_CERTIFICATE_FILE=swapped,
    )
    assert wrong.status != 0


def test_a_backup_has_the_files(secured: Secured) -> None:
    config = secured.folder / "sealtrail.toml"
    places = {one.place: one.setting for one in files_of(config, load_settings(config))}
    assert places["tls/own.pem"] == "gateway.tls_certificate_file"
    assert places["tls/own.key"] == "gateway.tls_key_file"
    assert places["tls/partner.pem"] == "gateway.tls_client_ca_file"


def test_files_that_cannot_be_used_are_named_at_the_start(secured: Secured) -> None:
    own, other = secured.own, secured.stranger
    good = GatewaySection(participant=1, tls_certificate_file=own.certificate, tls_key_file=own.key)
    assert certificates(good) is not None
    assert certificates(GatewaySection(participant=1)) is None
    for change, member in (
        ({"tls_key_file": other.key}, "gateway.tls_certificate_file"),
        ({"tls_certificate_file": own.key}, "gateway.tls_certificate_file"),
        ({"tls_client_ca_file": own.key}, "gateway.tls_client_ca_file"),
    ):
        with pytest.raises(SettingsError) as caught:
            certificates(good.model_copy(update=change))
        assert caught.value.member == member
    said = Cli(secured.folder / "sealtrail.toml")(
        "serve", "--port", "0", SEALTRAIL_GATEWAY__TLS_KEY_FILE=str(other.key)
    )
    assert said.status == 2
    assert said.tries()


@pytest.mark.parametrize("alone", ["tls_certificate_file", "tls_key_file", "tls_client_ca_file"])
def test_files_come_together(alone: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tls_"):
        GatewaySection(participant=1, **{alone: tmp_path / "x.pem"})
