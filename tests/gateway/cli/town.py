"""A network whose participants sit at their own command lines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchoring.directory.model import Directory
from tests.consortium import REGULATOR, VOTER, Net, Person
from tests.gateway.cli.conftest import Cli, Said

PRODUCT = "gs1:690123400001"
PEOPLE = (
    Person("maker", prefixes=("gs1:6901234",)),
    Person("distributor", roles=2 | VOTER),
    Person("pharmacy", roles=4 | VOTER),
    Person("authority", roles=REGULATOR | VOTER),
)


@dataclass(frozen=True)
class Town:
    """A network whose participants sit at their own command lines."""

    net: Net
    folder: Path

    def __call__(self, slug: str, *arguments: str | int | Path) -> Said:
        return Cli(self.folder / slug / "sealtrail.toml")(*map(str, arguments))

    def done(self, slug: str, *arguments: str | int | Path) -> Any:
        """Run a command that signs, and return what it says to programs."""
        said = self(slug, *arguments, "--yes", "--json")
        assert said.status == 0, said.err
        return said.json()

    def decided(self, *arguments: str | int | Path) -> Any:
        """Propose, approve by the others as far as needed, wait and execute."""
        answer = self.done("maker", "consortium", "propose", *arguments)
        number = answer["proposal"]
        for slug in ("pharmacy", "authority", "distributor"):
            if answer["state"] == "open":
                answer = self.done(slug, "consortium", "approve", number)
        if answer["state"] == "waiting":
            self.pass_time()
        return self.done("pharmacy", "consortium", "execute", number)

    def directory(self) -> Directory:
        return asyncio.run(self.net.directory())

    def pass_time(self) -> None:
        asyncio.run(self.net.pass_time(self.net.delay_s + 1))


def refused(said: Said, status: int, code: str) -> dict[str, Any]:
    """Check that a refusal is a sentence, a `Try:` line, a status and a code; return the error."""
    assert said.status == status, said.err + said.out
    error: dict[str, Any] = said.json()["error"]
    assert error["code"] == code
    assert error["detail"]
    assert error["try"] == said.tries()
    return error
