"""How the explorer reads: long chains in parts, busy witnesses later, votes in words."""

from typing import Any

from eth_utils.crypto import keccak

from anchoring.chain.deploy import FirstKey, FirstParticipant
from anchoring.chain.governance import (
    Action,
    ActionKind,
    Admit,
    ChangeRoles,
    ChangeVoter,
    GrantPrefix,
    NameSuccessor,
    Reinstate,
    Remove,
    ReplaceAdminKey,
    RevokePrefix,
    Suspend,
    digest_of,
    encode_action,
)
from tests.js.explorer_call import call

HEAD = 450_000
CHAIN = f"""
  const at = (byte) => "0x" + byte.repeat(32);
  const contract = (address) => ({{ address: address.repeat(20), codeHash: one.codeHash }});
  const network = {{
    chainId: 7, genesisHash: "aa".repeat(32), consortium: "c0".repeat(20),
    registries: one.registries.map(contract),
    witnesses: {{ A: {{ participant: 1, urls: ["http://a"] }} }},
  }};
  const asked = [];
  const controller = new AbortController();
  const watch = {{ signal: controller.signal, tell: () => {{}} }};
  let stopAt = Infinity;
  const ask = async (url, method, params) => {{
    if (method === "eth_chainId") return "0x7";
    if (method === "eth_getCode") return "0x60";
    if (method === "eth_getLogs") {{
      asked.push(params[0]);
      if (asked.length === stopAt) {{
        controller.abort();
        return new Promise(() => {{}}); // a witness that hangs
      }}
      return [];
    }}
    const number = params[0] === "latest" ? {HEAD + 100} + asked.length : Number(params[0]);
    const [hash, timestamp] = [number === 0 ? at("aa") : at("bb"), "0x65000000"];
    return {{ number: "0x" + number.toString(16), hash, timestamp }};
  }};
"""


def reading(script: str, registries: tuple[str, ...] = ("e0",)) -> Any:
    """Run a script against a chain of 450,100 blocks without logs."""
    case = {"codeHash": keccak(b"\x60").hex(), "registries": registries}
    (answer,) = call(f"(async () => {{ {CHAIN} {script} }})()", [case])
    return answer


def test_of_a_long_chain_the_newest_anchors_are_read_and_earlier_ones_when_asked() -> None:
    found = reading(
        """
        const memory = new parts.Memory();
        const first = await parts.readNetwork(network, null, ask, watch, memory);
        const everything = asked.filter(({ address }) => address.length === 2);
        const count = asked.length;
        const from = Math.max(0, first.from - parts.RECENT_BLOCKS);
        const second = await parts.readNetwork(network, from, ask, watch, memory);
        const more = asked.slice(count);
        const third = await parts.readNetwork(network, 0, ask, watch, memory);
        const starts = everything.map(({ fromBlock }) => Number(fromBlock));
        const rest = asked.length - count - more.length;
        return [first, starts, count, second, more.length, third, rest];
        """
    )
    first, everything, count, second, more, third, rest = found
    assert (first["block"], first["from"]) == (HEAD + 100, HEAD + 100 - 200_000)
    assert everything == list(range(250_000, HEAD + 100, 10_000))
    assert count == 46  # the affairs of the consortium are read from the first block on
    assert (second["block"], second["from"]) == (first["block"], first["from"] - 200_000)
    assert more == 20  # what was read is not asked for again
    assert (third["block"], third["from"], rest) == (first["block"], 0, 5)
    assert [one["status"] for one in third["said"]] == ["read"]


def test_a_stop_holds_nobody_and_reading_goes_on_from_there() -> None:
    found = reading(
        """
        const memory = new parts.Memory();
        stopAt = 7;
        let stopped = "";
        try {
          await parts.readNetwork(network, 0, ask, watch, memory);
        } catch (error) {
          stopped = error instanceof parts.Cancelled;
        }
        const count = asked.length;
        const again = { ...watch, signal: new AbortController().signal };
        const reading = await parts.readNetwork(network, 0, ask, again, memory);
        return [stopped, count, asked.length - count, reading.block, reading.said[0].status];
        """
    )
    assert found == [True, 7, 46 - 6, HEAD + 100, "read"]


def test_more_contracts_than_a_relay_takes_are_asked_about_in_parts() -> None:
    registries = tuple(f"{one:02x}" for one in range(1, 21))
    found = reading(
        """
        await parts.readNetwork(network, 0, ask, watch);
        const first = asked.filter(({ fromBlock }) => fromBlock === "0x0");
        return first.map(({ address }) => address.length);
        """,
        registries,
    )
    assert found == [16, 5]


def test_all_differences_are_counted_though_few_are_listed() -> None:
    script = """(() => {
      const place = { blockNumber: 1, blockHash: "", tx: "" };
      const log = (index) => ({ ...place, address: "", topics: [], data: "", index });
      const logs = Array.from({ length: one }, (_, index) => log(index));
      const said = [["a", logs], ["b", []]].map(([url, logs]) => ({ url, logs, status: "read" }));
      const { differences, differing } = parts.compare(said, () => "?");
      return [differences.length, differing];
    })()"""
    assert call(script, [3, 1000]) == [[3, 3], [200, 1000]]


def test_the_wait_is_the_one_that_a_witness_asks_for() -> None:
    waits: dict[tuple[str, int], int | None] = {
        ("", 0): 1,
        ("", 3): 8,
        ("", 7): 30,
        ("", 8): None,
        ("7", 0): 7,
        ("0", 5): 1,
        ("120", 0): 120,
        ("121", 0): None,
        ("Thu, 01 Jan 1970 00:00:09 GMT", 0): 9,
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0): 1,
        ("later", 2): 4,
    }
    assert call("parts.waitOf(one[0], one[1], 0)", [list(one) for one in waits]) == [
        *waits.values()
    ]


def test_a_busy_witness_is_asked_again_and_any_other_error_is_one() -> None:
    script = """(async () => {
      const waits = [];
      const told = [];
      const watch = { signal: new AbortController().signal, tell: (...of) => told.push(of) };
      const errors = [...one];
      const ask = async () => {
        const error = errors.shift();
        if (error) throw new Error(`eth_call: ${error}`);
        return "0x1";
      };
      const patient = parts.patient(ask, watch, async (seconds) => void waits.push(seconds));
      let said;
      try {
        said = await patient("u", "eth_call", []);
      } catch (error) {
        said = error.message;
      }
      return [said, waits, told.length];
    })()"""
    busy = "HTTP status 429"
    cases = [
        ["HTTP status 503; Retry-After: 4", busy, busy],
        ["HTTP status 500"],
        ["HTTP status 429; Retry-After: 9999"],
        [busy] * 20,
    ]
    assert call(script, cases) == [
        ["0x1", [4, 2, 4], 3],
        ["eth_call: HTTP status 500", [], 0],
        ["eth_call: HTTP status 429; Retry-After: 9999", [], 0],
        ["eth_call: HTTP status 429", [1, 2, 4, 8, 16, 30, 30, 30], 8],
    ]


A, B, ZERO = bytes([0xA1]) * 20, bytes([0xB2]) * 20, bytes(20)
KEY = FirstKey(B, 2, 5, 2**63, (65536, 65537))
NEWCOMER = FirstParticipant("new", "新成员", "https://new.example", 33, A, B, (KEY,))


ACTIONS: list[tuple[Action, list[Any]]] = [
    (Suspend(3), [["participant", "3"]]),
    (Reinstate(3), [["participant", "3"]]),
    (
        GrantPrefix(A, "gs1:6901234", 2, 1_700_000_000, 0),
        [
            ["code_registry", A.hex()],
            ["prefix", "gs1:6901234"],
            ["participant", "2"],
            ["from", "1700000000"],
            ["until", "0"],
        ],
    ),
    (ChangeRoles(2, 6), [["participant", "2"], ["roles", "6"]]),
    (
        Admit(NEWCOMER),
        [
            ["slug", "new"],
            ["name", "新成员"],
            ["url", "https://new.example"],
            ["roles", "33"],
            ["admin", A.hex()],
            ["recovery", B.hex()],
            ["keys", [[B.hex(), "2", "5", str(2**63), ["65536", "65537"]]]],
        ],
    ),
    (Remove(4), [["participant", "4"]]),
    (ChangeVoter(4, True), [["participant", "4"], ["voter", True]]),
    (
        ReplaceAdminKey(4, A),
        [["participant", "4"], ["admin", A.hex()], ["recovery", ZERO.hex()]],
    ),
    (RevokePrefix(A, 9, 7), [["code_registry", A.hex()], ["grant", "9"], ["until", "7"]]),
    (NameSuccessor(A, B), [["registry", A.hex()], ["successor", B.hex()]]),
]


def test_arguments_of_every_action_are_read() -> None:
    script = """(() => {
      const plain = (value) => Array.isArray(value) ? value.map(plain)
        : typeof value === "bigint" ? String(value) : value;
      const found = parts.argumentsOf(one[0], one[1]);
      return found && found.map(({ name, value }) => [name, plain(value)]);
    })()"""
    encoded = [encode_action(action) for action, _ in ACTIONS]
    assert [number for number, _ in encoded] == [*ActionKind]
    cases = [[int(number), arguments.hex()] for number, arguments in encoded]
    assert call(script, cases) == [expected for _, expected in ACTIONS]
    cut = [[number, arguments[:-2]] for number, arguments in cases]
    assert call(script, [*cut, [10, cases[0][1]]]) == [None] * (len(cut) + 1)


def test_the_digest_is_the_one_that_voters_approve() -> None:
    network = {"chainId": 31337, "consortium": A.hex()}
    evidence = b"\x05" * 32
    cases, expected = [], []
    for at, (action, _) in enumerate(ACTIONS):
        number, arguments = encode_action(action)
        one = {"id": at, "action": int(number), "arguments": arguments.hex()}
        cases.append([{**one, "evidence": evidence.hex()}, network])
        digest = digest_of(action, proposal=at, chain_id=31337, consortium=A, evidence=evidence)
        expected.append(digest.hex())
    assert call("parts.digestOf(one[0], one[1])", cases) == expected
