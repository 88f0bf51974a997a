"""The rules of the repository (docs/ARCHITECTURE.md), read from the syntax trees of its files.

Every rule stands here twice: once over the tree, once over a planted breach, so that a checker
which sees nothing cannot pass.
"""

import tomllib

import pytest

import anchoring
from tests.rules import imports, records, shape
from tests.rules.checks import CODE, beyond, breaches, none, planted
from tests.rules.source import ROOT, Source, files, python

PUBLIC_NAMES = ROOT / "tests" / "anchoring" / "public_names.txt"

# Who draws randomness, and why. Everything else is given its random bytes.
MAY_DRAW = {
    "node_gateway/services/preparing.py": "the secret of an event",
    "node_gateway/services/capture.py": "the name of a capture",
    "node_gateway/services/batching.py": "the nonces of batch decoys",
    "node_gateway/services/access.py": "API keys",
    "node_gateway/console/tokens.py": "what people sign in with",
    "node_gateway/partners/grants.py": "ids of grants and delegations, which tell no count",
    "node_gateway/cli/delegations.py": "the name of a request that was given none",
    "node_gateway/archive/writing.py": "the salt of an archive",
    "node_gateway/services/issuing.py": "keys of issued codes, and names of orders",
    "node_gateway/services/subscribing.py": "the name of a subscription",
    "node_gateway/partners/exceptions.py": "the name of a case",
    "node_gateway/partners/sales.py": "the token of a sale, and the moment at which it is told",
    "node_gateway/partners/tracing.py": "the name of a question",
    "node_gateway/partners/request_signatures.py": "the nonce of a request",
    "node_gateway/partners/saying.py": "the moment of the next try",
    "node_gateway/webhooks/registering.py": "the name of a webhook",
    "node_gateway/webhooks/signing.py": "the secrets of a webhook",
    "node_gateway/api/middleware.py": "the name of a request in logs; nothing is computed from it",
    "node_gateway/api/problems.py": "the same, for a request that got no name",
    "anchoring/chain/keystore.py": "a new key, on an operator's command",
    "node_gateway/cli/init.py": "the passphrase of new keystores",
    "node_gateway/cli/recall_files.py": "the salt of a list of codes that a notice names",
    "node_gateway/cli/chain.py": "a throw-away key that deploys contracts and gets no right by it",
}
# Who signs.
MAY_SIGN = {
    "anchoring/chain/*": "signs and recovers transactions and receipts",
}
STORAGE_BACKENDS = ("node_gateway.storage.sqlite", "node_gateway.storage.postgres")
MAY_NAME_A_BACKEND = ("node_gateway/wiring.py", "node_gateway/storage/*")

CAPTURING = (
    *("node_gateway/services/capture", "node_gateway/services/preparing"),
    *("node_gateway/epcis/", "node_gateway/storage/"),
)
MAY_MIGRATE = {
    "node_gateway/storage/*": "holds the migrations",
    "node_gateway/cli/*": "an operator asked for it: init, db upgrade, demo",
    "node_gateway/wiring.py": "knows the backend that the command line asks for",
    "node_gateway/backup/*": "an operator asked for it: backup create, backup restore",
}


# --- who imports whom


def below_gateway(source: Source) -> list[str]:
    return imports.importing(source, ("node_gateway",))


def naming_a_backend(source: Source) -> list[str]:
    return imports.importing(source, STORAGE_BACKENDS)


def signing(source: Source) -> list[str]:
    return imports.importing(source, imports.SIGNING)


def reaching_the_chain(source: Source) -> list[str]:
    roots = ("anchoring.chain", "anchoring.anchorer", "web3")
    signs_offline = "anchoring.chain.receipts."  # signs a receipt, sends nothing
    return [b for b in imports.importing(source, roots) if f" {signs_offline}" not in b]


def test_anchoring_never_imports_the_gateway() -> None:
    none(breaches(python("anchoring"), below_gateway))


@pytest.mark.parametrize(
    "text",
    [
        "import node_gateway.wiring",
        "from node_gateway import app",
        "def f():\n    import node_gateway",
    ],
)
def test_an_import_of_the_gateway_is_seen(text: str) -> None:
    assert len(below_gateway(planted(text))) == 1


def test_the_core_imports_pure_modules_only() -> None:
    core = python("anchoring/core")
    assert core
    none(breaches(core, imports.foreign_to_core))
    none(breaches(core, imports.impure_calls))


@pytest.mark.parametrize(
    "text",
    [
        *("import os", "import os.path", "from time import sleep", "import secrets, json"),
        *("from .. import anchorer", "from ..chain import evm", "import web3", "import logging"),
        "from anchoring import ports",
    ],
)
def test_an_impure_import_in_the_core_is_seen(text: str) -> None:
    assert len(imports.foreign_to_core(planted(text, "anchoring/core/planted.py"))) == 1


@pytest.mark.parametrize(
    "text", ["datetime.now(UTC)", "date.today()", "open('x')", "print(1)", "eval('1')"]
)
def test_an_impure_call_in_the_core_is_seen(text: str) -> None:
    assert len(imports.impure_calls(planted(text, "anchoring/core/planted.py"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import rfc8785",
        "from .merkle import path",
        "from ..errors import FormatError",
        "import json",
    ],
)
def test_what_the_core_may_import_is_let_through(text: str) -> None:
    assert imports.foreign_to_core(planted(text, "anchoring/core/planted.py")) == []


def test_only_wiring_names_a_storage_backend() -> None:
    none(breaches(beyond(python("node_gateway"), MAY_NAME_A_BACKEND), naming_a_backend))


@pytest.mark.parametrize(
    "text",
    ["from node_gateway.storage import sqlite", "from ..storage.postgres import PostgresStore"],
)
def test_a_named_backend_is_seen(text: str) -> None:
    assert len(naming_a_backend(planted(text, "node_gateway/api/planted.py"))) == 1


def test_only_the_chain_adapter_holds_a_signer() -> None:
    none(breaches(beyond(python("anchoring", "node_gateway"), MAY_SIGN), signing))


@pytest.mark.parametrize("text", ["from eth_account import Account", "import coincurve"])
def test_a_signer_elsewhere_is_seen(text: str) -> None:
    assert len(signing(planted(text))) == 1
    assert beyond([planted(text, "node_gateway/services/capture.py")], MAY_SIGN) != []


def test_no_import_leaves_the_limit_of_recursion_raised() -> None:
    none(breaches(python("anchoring", "node_gateway"), imports.raising_recursion))


@pytest.mark.parametrize("text", ["import web3", "from eth_account.signers import local"])
def test_an_import_that_raises_the_limit_of_recursion_is_seen(text: str) -> None:
    assert len(imports.raising_recursion(planted(f"def f():\n    {text}"))) == 1
    assert len(imports.raising_recursion(planted(f"with open(x):\n    {text}"))) == 1
    kept = f"with recursion_limit_kept():\n    {text}"
    assert imports.raising_recursion(planted(kept)) == []
    assert len(imports.raising_recursion(planted(f"{kept}\n{text}"))) == 1


def test_capture_never_reaches_the_chain() -> None:
    none(breaches(files(".py", under=CAPTURING), reaching_the_chain))
    signing_receipts = files(".py", under=("anchoring/chain/receipts.py",))
    sending = ("web3", "anchoring.anchorer", "anchoring.chain.rpc", "anchoring.chain.evm")
    none([b for source in signing_receipts for b in imports.importing(source, sending)])


@pytest.mark.parametrize(
    "text", ["from anchoring.chain import evm", "from anchoring import anchorer", "import web3"]
)
def test_a_way_from_capture_to_the_chain_is_seen(text: str) -> None:
    assert len(reaching_the_chain(planted(text, "node_gateway/services/capture.py"))) == 1


def test_the_service_never_creates_or_migrates_a_database() -> None:
    none(breaches(beyond(python("node_gateway"), MAY_MIGRATE), imports.migrating))


@pytest.mark.parametrize(
    "text",
    [
        *("from alembic import command", "from node_gateway.storage import migrations"),
        *("from ..storage.schema import upgrade", "metadata.create_all(engine)"),
        *("wiring.prepare_database(url)",),
    ],
)
def test_a_migration_by_the_service_is_seen(text: str) -> None:
    assert len(imports.migrating(planted(text, "node_gateway/api/planted.py"))) == 1


def test_only_capture_and_batching_draw_randomness() -> None:
    drawing = beyond(python("anchoring", "node_gateway"), MAY_DRAW)
    none(breaches(drawing, imports.randomness))


@pytest.mark.parametrize(
    "text",
    [
        *("import secrets", "from random import choice", "import os\nos.urandom(32)"),
        *("from os import urandom", "import uuid\nuuid.uuid4()", "from uuid import uuid4"),
        *("key = Account.create()",),
    ],
)
def test_drawn_randomness_is_seen(text: str) -> None:
    assert len(imports.randomness(planted(text))) == 1


# --- what a module holds


def test_no_module_holds_mutable_state() -> None:
    none(breaches(python("anchoring", "node_gateway"), shape.mutable_state))


@pytest.mark.parametrize(
    "text",
    [
        *("cache = {}", "seen: set[str] = set()", "from collections import deque\nTODAY = deque()"),
        *("LOCK = threading.Lock()", "try:\n    rows = []\nexcept ValueError:\n    pass"),
        *("def f():\n    global state\n    state = 1", "NAMES = {}\ndef f():\n    NAMES['a'] = 1"),
        *("NAMES = ['a']\ndef f():\n    NAMES.append('b')", "NAMES = []\nNAMES += ['a']"),
        "try:\n    x = 1\nexcept ValueError:\n    rows = []",
    ],
)
def test_mutable_state_is_seen(text: str) -> None:
    assert len(shape.mutable_state(planted(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("NAMES: Final = {'a': 1}", "_TABLE = ['a']", "__all__ = ['b']", "router = APIRouter()"),
        *("def f():\n    rows = []\n    rows.append(1)", "NAMES = frozenset({'a'})"),
    ],
)
def test_constants_and_locals_are_let_through(text: str) -> None:
    assert shape.mutable_state(planted(text)) == []


# --- size and names


def test_no_file_is_longer_than_400_lines() -> None:
    none(breaches(files(*CODE), shape.long_file))


def test_a_long_file_is_seen() -> None:
    assert shape.long_file(planted("x = 1\n" * 400)) == []
    assert len(shape.long_file(planted("x = 1\n" * 401))) == 1


def test_no_function_is_longer_than_60_lines() -> None:
    none(breaches(files(*CODE), shape.long_functions))


@pytest.mark.parametrize(
    ("path", "head", "line", "tail"),
    [
        ("a/b.py", "def f():\n", "    x = 1\n", ""),
        ("a/b.py", "class A:\n    async def f(self):\n", "        x = 1\n", ""),
        ("a/b.mjs", "export async function f(a) {\n", "  const x = '}';\n", "}\n"),
        ("a/B.sol", "    function f() external {\n", "        x = 1; // }\n", "    }\n"),
    ],
)
def test_a_long_function_is_seen(path: str, head: str, line: str, tail: str) -> None:
    fitting = 60 - 1 - len(tail.splitlines())
    assert shape.long_functions(planted(head + line * fitting + tail, path)) == []
    assert len(shape.long_functions(planted(head + line * (fitting + 1) + tail, path))) == 1


def test_a_docstring_is_not_counted() -> None:
    text = "def f():\n" + '    """One.\n\n' + "    More.\n" * 80 + '    """\n    return 1\n'
    assert shape.long_functions(planted(text)) == []


def test_every_name_of_a_file_or_folder_says_something() -> None:
    none([b for source in files(*CODE) for b in shape.vague_name(source.path)])


@pytest.mark.parametrize(
    "path", ["a/utils.py", "common/b.py", "a/helpers.mjs", "a/key_manager.py", "test_util.py"]
)
def test_a_vague_name_is_seen(path: str) -> None:
    assert len(shape.vague_name(path)) == 1


# --- what is public, shipped and promised


def test_everything_public_in_anchoring_has_a_docstring() -> None:
    none(breaches(python("anchoring"), shape.undocumented))


def test_a_missing_docstring_is_seen() -> None:
    text = '"""M."""\nclass A:\n    def f(self): ...\ndef g(): ...\ndef _h(): ...\n'
    assert len(shape.undocumented(planted(text))) == 3
    assert len(shape.undocumented(planted("x = 1"))) == 1


def test_the_public_names_are_sorted_resolve_and_are_pinned() -> None:
    assert list(anchoring.__all__) == sorted(anchoring.__all__)
    assert list(anchoring.__all__) == PUBLIC_NAMES.read_text(encoding="utf-8").split()
    assert all(hasattr(anchoring, name) for name in anchoring.__all__)


def test_the_wheel_takes_both_packages_whole() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["anchoring", "node_gateway"]
    beside = {"node_gateway/web/src", "node_gateway/web/*.mjs", "node_gateway/web/*.json"}
    assert set(wheel["exclude"]) == beside  # what pages are built from; the pages themselves ship
    artifacts = {path.name for path in (ROOT / "anchoring" / "artifacts").glob("*.json")}
    assert artifacts >= {"AnchorRegistry.json", "Consortium.json"}


def test_every_invariant_names_a_test_that_exists() -> None:
    page = Source("docs/ARCHITECTURE.md", (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8"))
    assert set(records.invariants(page)) >= {f"I{number}" for number in range(1, 11)} | {"P1"}
    none(records.missing_tests(page))


def test_an_invariant_without_its_test_is_seen() -> None:
    own = "tests/test_repository_rules.py"
    page = planted(
        f"| I1 | good | `{own}::test_a_vague_name_is_seen` |\n"
        f"| I2 | no such test | `{own}::test_nobody_wrote_this` |\n"
        "| I3 | no such file | `tests/gone.py::test_a` |\n"
        "| I4 | nothing named | |\n"
        f"| I5 | only a file | `{own}` |\n",
        "docs/planted.md",
    )
    assert [breach[:2] for breach in records.missing_tests(page)] == ["I2", "I3", "I4", "I5"]


def test_every_link_of_the_docs_leads_somewhere() -> None:
    none(breaches(files(".md"), records.broken_links))


def test_a_broken_link_is_seen() -> None:
    text = "[a](../README.md) [b](gone.md#part) [c](https://example.org/)\n"
    assert len(records.broken_links(planted(text, "docs/planted.md"))) == 1
