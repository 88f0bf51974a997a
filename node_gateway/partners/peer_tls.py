"""What certificates are checked against, and which one is shown, when another gateway is asked."""

from __future__ import annotations

import ssl
from pathlib import Path

from node_gateway.errors import SettingsError
from node_gateway.settings_partners import PeersSection


class Certificates:
    """TLS for requests to other gateways: the usual trust, or exactly what was pinned.

    Args:
        settings: Files of certificates; all are read here, so that a slip shows at the start.

    Raises:
        SettingsError: a file cannot be used.
    """

    def __init__(self, settings: PeersSection) -> None:
        self._settings = settings
        self._usual = self._context(settings.ca_file, "peers.ca_file", only=False)
        self._pinned = {
            path.stem: self._context(path, "peers.pinned_folder", only=True)
            for path in _pinned_files(settings.pinned_folder)
        }

    def context_for(self, participant: int, slug: str) -> ssl.SSLContext:
        """Return what a participant's gateway is checked against: by its slug or id if pinned."""
        return self._pinned.get(slug) or self._pinned.get(str(participant)) or self._usual

    def _context(self, trusted: Path | None, member: str, *, only: bool) -> ssl.SSLContext:
        try:
            if only:
                made = ssl.create_default_context(cafile=str(trusted))
                made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a leaf may be pinned, too
            else:
                made = ssl.create_default_context()
                if trusted is not None:
                    made.load_verify_locations(cafile=str(trusted))
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{trusted} holds no certificates that can be used", member=member
            ) from error
        certificate, key = self._settings.client_certificate_file, self._settings.client_key_file
        if certificate is not None and key is not None:
            try:
                made.load_cert_chain(certificate, key, password=_no_passphrase)
            except (OSError, ssl.SSLError) as error:
                raise SettingsError(
                    "the client certificate and its key cannot be used",
                    member="peers.client_certificate_file",
                    hint="Both are PEM, the key is not encrypted and belongs to the certificate.",
                ) from error
        return made


def _no_passphrase() -> bytes:
    """Answer in the place of a prompt on the terminal."""
    return b""


def _pinned_files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    try:
        return sorted(one for one in folder.iterdir() if one.suffix == ".pem")
    except OSError as error:
        raise SettingsError(
            f"the folder of pinned certificates cannot be read: {error.strerror}",
            member="peers.pinned_folder",
        ) from error
