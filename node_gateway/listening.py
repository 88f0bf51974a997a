"""TLS of the address that a gateway listens at."""

from __future__ import annotations

import ssl

from node_gateway.errors import SettingsError
from node_gateway.settings import GatewaySection


def certificates(settings: GatewaySection) -> ssl.SSLContext | None:
    """Return what is shown to clients, and what theirs are checked against; None without TLS.

    A client certificate is asked for where `tls_client_ca_file` is set, and never demanded: public
    answers are for everybody, and requests between gateways are signed besides.

    Raises:
        SettingsError: a file cannot be used.
    """
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(
            settings.tls_certificate_file, settings.tls_key_file, password=_no_passphrase
        )
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            "the gateway's certificate and its key cannot be used",
            member="gateway.tls_certificate_file",
            hint="Both are PEM, the key is not encrypted and belongs to the certificate.",
        ) from error
    if settings.tls_client_ca_file is not None:
        made.verify_mode = ssl.CERT_OPTIONAL
        try:
            made.load_verify_locations(cafile=settings.tls_client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{settings.tls_client_ca_file} holds no certificates that can be used",
                member="gateway.tls_client_ca_file",
            ) from error
    return made


def _no_passphrase() -> bytes:
    """Answer in the place of a prompt on the terminal."""
    return b""
