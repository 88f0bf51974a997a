"""Talking to a running gateway over HTTP."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from node_gateway.cli.output import (
    ATTEMPTS,
    CANNOT_CHECK,
    FAILURE,
    USAGE,
    CommandError,
    exit_status,
)

if TYPE_CHECKING:
    import ssl

    import httpx2

    from node_gateway.settings import Settings

KEY_VARIABLE = "SEALTRAIL_API_KEY"
KEY_FILE = "admin.key"
ANSWER_SIZE_BYTES_MAX = 128 * 1024 * 1024
_TIMEOUT_S = 60.0
_PEM_BEGIN = "-----BEGIN CERTIFICATE-----"
_PEM_END = "-----END CERTIFICATE-----"
_IN_A_FILE = re.compile("/epcisBody/eventList/|/[0-9]+/|/EPCISDocument")
"""Where a pointer leads into a document that was handed in, not into what was typed."""
_OF_THE_LINE = ("content-encoding", "content-length", "transfer-encoding")


class Client:
    """One gateway's API, with the operator's key."""

    def __init__(self, base_url: str, key: str | None, own: Path | None = None) -> None:
        """`own` is the file of our own gateway's certificate, which alone is believed then."""
        import httpx2

        if urlsplit(base_url).scheme not in ("http", "https"):
            raise CommandError(
                f"{base_url} is no address", attempt="--gateway http://...", status=USAGE
            )
        self.base_url = base_url.rstrip("/")
        headers = {"Connection": "close"}  # a command sends few requests and leaves nothing open
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx2.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=_TIMEOUT_S,
            verify=True if own is None else _believing(own),
        )

    @classmethod
    def from_config(cls, config: Path, gateway: str | None) -> Client:
        """Return a client for `--gateway`, or for the gateway that the settings describe.

        The key that `init` wrote goes to one's own gateway only. Another one gets the key of the
        environment, which was set for it.
        """
        from node_gateway.settings import load_settings

        settings = load_settings(config) if gateway is None or config.is_file() else None
        if settings is not None and gateway is None:
            gateway = address(settings)
        if settings is None or gateway is None or gateway.rstrip("/") != address(settings):
            return cls(gateway or "", os.environ.get(KEY_VARIABLE))
        return cls(gateway, api_key(config), settings.gateway.tls_certificate_file)

    def get(self, path: str, **params: Any) -> Any:
        """GET and return JSON."""
        return self.json("GET", path, params=params)

    def json(self, method: str, path: str, **parts: Any) -> Any:
        """Send a request and return the JSON of its answer; errors as `request`."""
        return answer_of(self.request(method, path, **parts))

    def raw(self, path: str, **params: Any) -> bytes:
        """GET and return the body."""
        return self.request("GET", path, params=params).content

    def request(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        """Send a request.

        Raises:
            CommandError: the gateway does not answer, or answers with a problem.
        """
        import httpx2

        try:
            with self._http.stream(method, path, **parts) as answer:
                response = _read_whole(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self.silent(error) from error
        if response.is_success:
            return response
        raise _problem(response)

    @contextmanager
    def streamed(self, method: str, path: str, **parts: Any) -> Iterator[httpx2.Response]:
        """Send a request whose answer is read piece by piece; it may have any size.

        Raises:
            CommandError: the gateway answers with a problem.
            httpx2.HTTPError: it does not answer, or the connection broke; for the caller to retry.
        """
        with self._http.stream(method, path, **parts) as answer:
            if answer.is_success:
                yield answer
                return
            raise _problem(_read_whole(answer))

    def silent(self, error: Exception) -> CommandError:
        """Return what to say when the gateway does not answer."""
        return CommandError(
            f"no gateway answers at {self.base_url} ({type(error).__name__})",
            attempt="sealtrail serve, or --gateway URL",
            status=CANNOT_CHECK,
        )


def _read_whole(answer: httpx2.Response) -> httpx2.Response:
    """Return an answer with its body read, refusing one that is larger than any of ours.

    Raises:
        CommandError: it is; so this is no gateway.
    """
    import httpx2

    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > ANSWER_SIZE_BYTES_MAX:
            raise _no_gateway(f"{answer.url} answers with more than {ANSWER_SIZE_BYTES_MAX} bytes")
    kept = {name: text for name, text in answer.headers.items() if name not in _OF_THE_LINE}
    return httpx2.Response(
        answer.status_code, headers=kept, content=bytes(body), request=answer.request
    )


def answer_of(response: httpx2.Response) -> Any:
    """Return the JSON object of an answer.

    Raises:
        CommandError: it is something else; so this is no gateway.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _no_gateway(f"{response.url} answers with something else than JSON")
    return answer


def _no_gateway(text: str) -> CommandError:
    attempt = "check the address: is it a Sealtrail gateway?"
    return CommandError(text, attempt=attempt, status=CANNOT_CHECK)


def address(settings: Settings) -> str:
    """Return where the configured gateway listens."""
    host = settings.gateway.host
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    scheme = "http" if settings.gateway.tls_certificate_file is None else "https"
    return f"{scheme}://{host}:{settings.gateway.port}"


def _believing(certificate: Path) -> ssl.SSLContext:
    """Return what believes one certificate, whatever names stand in it: we ask on loopback.

    Raises:
        CommandError: the file holds none.
    """
    import ssl

    try:
        pem = certificate.read_text(encoding="ascii")
        start, end = pem.index(_PEM_BEGIN), pem.index(_PEM_END) + len(_PEM_END)
        made = ssl.create_default_context(cadata=pem[start:end])  # its own, none of its chain
    except (OSError, ValueError, ssl.SSLError) as error:
        raise CommandError(
            f"{certificate} holds no certificate that can be read",
            attempt="gateway.tls_certificate_file in the settings",
        ) from error
    made.check_hostname = False
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return made


def api_key(config: Path) -> str | None:
    """Return the key from the environment, or from the file that `init` wrote."""
    if key := os.environ.get(KEY_VARIABLE):
        return key
    file = config.parent / KEY_FILE
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def _place(spot: dict[str, Any]) -> str:
    place = spot.get("pointer") or "(document)"
    return f"line {spot['line']}, {place}" if "line" in spot else place


def _problem(response: httpx2.Response) -> CommandError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "detail" not in problem:
        return _no_gateway(f"the gateway answers {response.status_code} without a reason")
    lines = [str(problem["detail"])]
    lines += [
        f"  {_place(spot)}  {spot.get('code')}: {spot.get('detail')}"
        + (f"  [{spot['hint']}]" if spot.get("hint") else "")
        for spot in problem.get("errors", [])
    ]
    code = str(problem.get("code"))
    attempt = ATTEMPTS.get(code) or problem.get("hint") or _attempt(response.status_code)
    spots = problem.get("errors", [])
    status = exit_status(code, [str(spot.get("code")) for spot in spots])
    if status == USAGE and any(_IN_A_FILE.match(str(spot.get("pointer"))) for spot in spots):
        status = FAILURE  # the command was right, the document is not
    return CommandError("\n".join(lines), attempt=attempt, status=status, problem=problem)


def _attempt(status: int) -> str:
    return {
        400: "correct the input; --help after the command says what it takes",
        401: f"set {KEY_VARIABLE}, or sealtrail api-key new",
        403: "sealtrail api-key new with the scope that is needed",
        503: "sealtrail status",
    }.get(status, "correct the input and send it again")
