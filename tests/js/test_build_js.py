"""The build: the same bytes everywhere, within the budget; and what the core may be made of."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from tests.js.module_call import MODULE, call
from tests.js.test_verify_js import VECTORS

WEB = MODULE.parent.parent
CORE = WEB / "src" / "core"
SIZE_BYTES_MAX = 25_000
SHELL_SIZE_BYTES_MAX = {"result.js": 25_000, "explorer.js": 60_000}
"""Compressed, with all of the core that they use."""


def built(folder: Path) -> tuple[str, dict[str, bytes]]:
    """Build in another place; return what is said, and every file."""
    for name in ("build.mjs", "package.json", "tsconfig.json", "src", "locales"):
        copy = shutil.copytree if (WEB / name).is_dir() else shutil.copy
        copy(WEB / name, folder / name)
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    static = folder / "static"
    static.mkdir()
    (static / "result-000000000000.js").write_text("of an older release", encoding="utf-8")
    done = subprocess.run(
        ["node", "build.mjs"], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout, {one.name: one.read_bytes() for one in static.iterdir()}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    return built(tmp_path_factory.mktemp("build"))


def test_the_same_sources_give_the_same_bytes(
    build: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    longer = tmp_path / "a longer path" / "to another place"
    longer.mkdir(parents=True)
    assert built(longer) == build


def test_the_manifest_names_every_file_by_its_hash(build: tuple[str, dict[str, bytes]]) -> None:
    _, files = build
    manifest = json.loads(files["manifest.json"])
    assert list(manifest) == sorted(manifest)
    assert {one["file"] for one in manifest.values()} == files.keys() - {"manifest.json"}
    for name, one in manifest.items():
        data = files[one["file"]]
        digest = sha256(data).hexdigest()
        assert (one["sha256"], one["bytes"]) == (digest, len(data))
        stem, _, ending = name.rpartition(".")
        assert one["file"] in (name, f"{stem}-{digest[:12]}.{ending}")


def test_nothing_of_this_machine_and_no_map_is_in_it(build: tuple[str, dict[str, bytes]]) -> None:
    _, files = build
    for name, data in files.items():
        assert not re.search(
            rb"sourceMappingURL|node_modules/\.|/pytest-|" + str(WEB).encode(), data
        ), name
        assert not name.endswith(".map")


def test_the_core_keeps_its_budget(build: tuple[str, dict[str, bytes]]) -> None:
    said, _ = build
    found = re.match(rf"core on a page: (\d+) bytes gz of {SIZE_BYTES_MAX}\n", said)
    assert found
    assert 10_000 < int(found[1]) <= SIZE_BYTES_MAX


def test_scripts_of_pages_keep_theirs(build: tuple[str, dict[str, bytes]]) -> None:
    _, files = build
    manifest = json.loads(files["manifest.json"])
    built_shells = manifest.keys() & SHELL_SIZE_BYTES_MAX.keys()
    assert built_shells == {f"{one.parent.name}.js" for one in WEB.glob("src/*/index.ts")} & set(
        SHELL_SIZE_BYTES_MAX
    )
    for name in built_shells:
        size = len(gzip.compress(files[manifest[name]["file"]], 9))
        assert size <= SHELL_SIZE_BYTES_MAX[name], name


def test_the_verifier_is_one_file_whose_policy_names_what_runs(
    build: tuple[str, dict[str, bytes]],
) -> None:
    _, files = build
    data = files[json.loads(files["manifest.json"])["verify.html"]["file"]]
    assert len(gzip.compress(data, 9)) <= 600_000
    text = data.decode()
    style, script = (
        re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL) for kind in ("style", "script")
    )
    hashes = [
        f"'sha256-{base64.b64encode(sha256(one.encode()).digest()).decode()}'"
        for (one,) in (script, style)
    ]
    policy = re.search('Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    wanted = f"default-src 'none'; script-src {hashes[0]}; style-src {hashes[1]}; connect-src "
    assert policy[1].startswith(wanted)
    assert "unsafe" not in policy[1]
    shell = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["'](?!data:)|\son[a-z]+=|style=""", shell)


# What browsers got after 2020, and what a page from plain HTTP or from a file has not.
ABSENT = """
  for (const [holder, ...names] of [
    [globalThis, "crypto", "structuredClone"],
    [Object, "hasOwn", "groupBy"],
    [Array.prototype, "at", "findLast", "findLastIndex", "toSorted", "toReversed", "with"],
    [Object.getPrototypeOf(Uint8Array.prototype), "at", "findLast", "toSorted", "with"],
    [String.prototype, "at", "replaceAll", "isWellFormed", "toWellFormed"],
    [Promise, "any", "withResolvers"], [URL, "canParse"], [AbortSignal, "timeout", "any"],
  ]) for (const name of names) delete holder[name];
"""


def test_it_runs_in_an_old_browser_without_web_crypto() -> None:
    cases = json.loads((VECTORS / "proof_valid.json").read_text(encoding="utf-8"))["cases"]
    texts = [base64.b64decode(case["bundle_b64"]).hex() for case in cases]
    expression = "[typeof crypto, core.checkFile(bytes(one))[0].entry, core.keccak256(bytes(''))]"
    empty = keccak(b"").hex()
    assert call(expression, texts, before=ABSENT) == [
        ["undefined", case["expect"]["entry"], empty] for case in cases
    ]


@pytest.mark.parametrize("file", sorted(CORE.glob("*.ts")), ids=lambda path: path.name)
def test_the_core_needs_no_page_and_trusts_no_type_that_it_did_not_check(file: Path) -> None:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = re.sub(r'"[^"\n]*"|`[^`]*`', '""', text)
    assert not re.search(r"\bany\b|@ts-|!\.|!\[|\bas never\b", code)
    assert not re.search(r"\b(window|navigator|localStorage|location|crypto)\b", code)
    assert not re.search(r"\bdocument\.(?!has|get\()", code)
    for name in re.findall(r'from "([^"]+)"', text):
        assert re.fullmatch(r"\./[a-z0-9_]+\.ts|@noble/hashes/[a-z0-9]+\.js", name), name
