"""Talking to a running gateway over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx2

from node_gateway.cli.output import CANNOT_CHECK, CommandError, exit_status
from node_gateway.settings import Settings, load_settings

KEY_VARIABLE = "SEALTRAIL_API_KEY"
KEY_FILE = "admin.key"
_TIMEOUT_S = 60.0


class Client:
    """One gateway's API, with the operator's key."""

    def __init__(self, base_url: str, key: str | None) -> None:
        self.base_url = base_url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=self.base_url, headers=headers, timeout=_TIMEOUT_S)

    @classmethod
    def from_config(cls, config: Path, gateway: str | None) -> Client:
        """Return a client for `--gateway`, or for the gateway that the settings describe."""
        if gateway is None:
            gateway = address(load_settings(config))
        return cls(gateway, api_key(config))

    def get(self, path: str, **params: Any) -> Any:
        """GET and return JSON."""
        return self.request("GET", path, params=params).json()

    def raw(self, path: str, **params: Any) -> bytes:
        """GET and return the body."""
        return self.request("GET", path, params=params).content

    def request(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        """Send a request.

        Raises:
            CommandError: the gateway does not answer, or answers with a problem.
        """
        try:
            response = self._http.request(method, path, **parts)
        except httpx2.HTTPError as error:
            raise CommandError(
                f"no gateway answers at {self.base_url} ({type(error).__name__})",
                attempt="sealtrail serve, or --gateway URL",
                status=CANNOT_CHECK,
            ) from error
        if response.is_success:
            return response
        raise _problem(response)


def address(settings: Settings) -> str:
    """Return where the configured gateway listens."""
    host = settings.gateway.host
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://{host}:{settings.gateway.port}"


def api_key(config: Path) -> str | None:
    """Return the key from the environment, or from the file that `init` wrote."""
    if key := os.environ.get(KEY_VARIABLE):
        return key
    file = config.parent / KEY_FILE
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def _problem(response: httpx2.Response) -> CommandError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "detail" not in problem:
        return CommandError(
            f"the gateway answers {response.status_code} without a reason",
            attempt="check the address: is it a Sealtrail gateway?",
            status=CANNOT_CHECK,
        )
    lines = [str(problem["detail"])]
    lines += [
        f"  {spot.get('pointer') or '(document)'}  {spot.get('code')}: {spot.get('detail')}"
        + (f"  [{spot['hint']}]" if spot.get("hint") else "")
        for spot in problem.get("errors", [])
    ]
    attempt = problem.get("hint") or _attempt(response.status_code)
    return CommandError(
        "\n".join(lines), attempt=attempt, status=exit_status(str(problem.get("code")))
    )


def _attempt(status: int) -> str:
    return {
        401: f"set {KEY_VARIABLE}, or sealtrail api-key new",
        403: "sealtrail api-key new with the scope that is needed",
        503: "sealtrail status",
    }.get(status, "correct the input and send it again")
