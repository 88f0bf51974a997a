"""What anchoring costs as a real transaction, and that contracts/README.md says the same."""

import hashlib
import re
from pathlib import Path

import pytest

from .conftest import Network, account
from .reference import tip

README = Path(__file__).resolve().parents[2] / "contracts" / "README.md"
STEADY_GAS_MAX = 65_000
# A stream has 6 bytes that can be non-zero, sequence and size 8; here 1, 1 and 2 are. Each adds 12.
FULL_CALLDATA_GAS = 216
ZERO = bytes(32)


def root_of(sequence: int) -> bytes:
    return hashlib.sha256(b"batch %d" % sequence).digest()


def appends(network: Network, stream: int, count: int) -> list[tuple[int, int, bytes, int, bytes]]:
    made, previous = [], ZERO
    registry = bytes.fromhex(network.registry.address[2:])
    for sequence in range(1, count + 1):
        made.append((stream, sequence, root_of(sequence), 4096, previous))
        previous = tip(4242, registry, *made[-1])
    return made


def measure(network: Network) -> dict[str, int]:
    """Gas used by the transactions of contracts/README.md, by the names of its table."""
    anchor_one, anchor = network.registry.functions.anchorOne, network.registry.functions.anchor
    key, chain = account("first anchor"), network.chain

    def spent(receipt: dict) -> int:
        assert receipt["status"] == 1
        return receipt["gasUsed"]

    ones = [spent(chain.send(key, anchor_one(*each))) for each in appends(network, 1 << 16, 12)]
    limited = [
        spent(chain.send(account("second limited"), anchor_one(*each)))
        for each in appends(network, (2 << 16) + 5, 3)
    ]
    streams = [appends(network, (1 << 16) + 1 + number, 2) for number in range(20)]
    spent(chain.send(key, anchor([both[0] for both in streams])))
    several = spent(chain.send(key, anchor([both[1] for both in streams])))
    in_row = spent(chain.send(key, anchor(appends(network, (1 << 16) + 100, 20))))
    return {
        "deploy `Consortium`, two participants, four keys": network.deployment_gas["Consortium"],
        "deploy `AnchorRegistry`": network.deployment_gas["AnchorRegistry"],
        "`anchorOne`, first of a stream": ones[0],
        "`anchorOne`, steady (dearest of 11)": max(ones[1:]),
        "`anchorOne`, steady, key limited to streams": max(limited[1:]),
        "`anchor`, 20 streams, steady, each": several // 20,
        "`anchor`, 20 sequences of one stream, each": in_row // 20,
    }


@pytest.fixture
def measured(network: Network) -> dict[str, int]:
    return measure(network)


def test_a_steady_anchor_costs_at_most_65_000_gas(measured: dict[str, int]) -> None:
    for name, gas in measured.items():
        print(f"{gas:>9,}  {name}")
    dearest = measured["`anchorOne`, steady (dearest of 11)"] + FULL_CALLDATA_GAS
    assert dearest <= STEADY_GAS_MAX
    assert measured["`anchorOne`, steady, key limited to streams"] <= STEADY_GAS_MAX + 5_000


def test_the_readme_says_what_was_measured(measured: dict[str, int]) -> None:
    section = README.read_text(encoding="utf-8").split("### Every call\n")[0]
    table = re.findall(r"^\| (.+?) \| ([\d,]+) \|$", section, re.MULTILINE)
    assert {name: int(gas.replace(",", "")) for name, gas in table} == measured
