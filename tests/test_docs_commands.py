"""Every command in README.md and docs/ runs; the convention is in `tests/docs_commands.py`."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.docs_commands import ROOT, DocsError, Session, blocks, shape
from tests.rules.source import files

TRANSLATED = "docs/zh-CN/"  # the same commands as their twins: tests/test_docs_translations.py
PAGES = [
    source.path
    for source in files(".md")
    if blocks(source.path, source.text)  # also refuses a page that breaks the convention
    and not source.path.startswith(TRANSLATED)
]
DEMO = "sealtrail demo --keep"
DEMO_READY = "http://127.0.0.1:8703/readyz"
DEMO_STAYS = "Commands to try"  # the story is over: no recall stands any more


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo's folder is, and no older one."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def demo(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, one_demo_at_a_time: None
) -> Iterator[str]:
    """One demo for all pages: it takes longer to start than any of them to read.

    Yields:
        What it said.
    """
    with Session(tmp_path_factory.mktemp("demo") / "reader", temporary=temporary) as session:
        yield session.start(DEMO, ready_url=DEMO_READY, ready_word=DEMO_STAYS, timeout_s=600)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_runs(
    page: str,
    tmp_path: Path,
    temporary: Path,
    one_demo_at_a_time: None,
    request: pytest.FixtureRequest,
) -> None:
    wanted = blocks(page, (ROOT / page).read_text(encoding="utf-8"))
    if any(block.needs_demo for block in wanted):
        request.getfixturevalue("demo")
    with Session(tmp_path / "reader", temporary=temporary) as session:
        for block in wanted:
            session.run(block)


@pytest.mark.timeout(900)
def test_what_a_kept_demo_offers_to_open_can_be_opened(demo: str) -> None:
    offered = demo.partition("Pages to open")[2].partition(DEMO_STAYS)[0]
    pages = re.findall(r"http://\S+", offered)
    assert len(pages) == 6
    with httpx2.Client(trust_env=False, follow_redirects=True) as shopper:
        shown = [shopper.get(page, headers={"Accept": "text/html"}) for page in pages]
    assert [one.status_code for one in shown] == [200] * 6
    sold, recalled = (one.text for one in shown[:2])
    assert "L23-RECALLED" in recalled
    assert "L23-RECALLED" not in sold
    logins = re.findall(
        r"(http://\S+)/app +\(role (\w+)\)\s+name (\S+) +password (\S+)\s+codes, each once: (\S+)",
        offered,
    )
    assert [role for _, role, *_ in logins] == ["quality", "operator"]
    assert len({password for *_, password, _ in logins}) == 2
    for base, _, *secrets in logins:
        assert signed_in(base, *secrets).status_code == 200
        assert signed_in(base, secrets[0], "not the password", secrets[2]).status_code == 401


def signed_in(base: str, name: str, password: str, code: str) -> httpx2.Response:
    """Sign in at a console as a browser does; return the page that follows."""
    with httpx2.Client(base_url=base, trust_env=False, follow_redirects=True) as browser:
        (token,) = re.findall(r'name="form_token" value="(\w+)"', browser.get("/app/login").text)
        fields = {"form_token": token, "name": name, "password": password, "code": code}
        done = browser.post("/app/login", data=fields, headers={"Origin": base})
        assert done.url.path == ("/app" if done.is_success else "/app/login")
        return done


def test_the_readme_has_commands() -> None:
    assert "README.md" in PAGES


# --- the mechanism


def run(tmp_path: Path, text: str) -> None:
    with Session(tmp_path / "reader") as session:
        for block in blocks("page.md", text):
            session.run(block)


def console(body: str, comment: str = "") -> str:
    above = f"<!-- runs: {comment} -->\n" if comment else ""
    return f"Text.\n\n{above}```console\n{body}\n```\n"


def test_a_session_keeps_folder_environment_and_order(tmp_path: Path) -> None:
    text = console("$ mkdir a && cd a\n$ export WORD=seal\n$ echo \\\n  x$WORD > b\nnoise")
    text += "\n```bash\ntest -f b\ngrep -q ^xseal b\n```\n"
    run(tmp_path, text)
    assert (tmp_path / "reader/a/b").read_text() == "xseal\n"


def test_a_command_of_make_runs_in_the_checkout(tmp_path: Path) -> None:
    run(tmp_path, console("$ make help", "prints") + console("$ test ! -e Makefile"))


@pytest.mark.parametrize(
    ("body", "comment"),
    [
        ("$ false", ""),
        ("$ false\n$ true", ""),
        ("$ true", "exit 10"),
        ("$ exit 11", "exit 10"),
        ("$ no-such-command-anywhere", ""),
        ("$ echo one\ntwo", "prints"),
        ("$ sleep 0.1", "background http://127.0.0.1:9/"),
    ],
)
def test_a_command_that_does_not_do_as_shown_is_seen(
    tmp_path: Path, body: str, comment: str
) -> None:
    with pytest.raises(DocsError):
        run(tmp_path, console(body, comment))


def test_a_failure_inside_a_bash_block_is_seen(tmp_path: Path) -> None:
    with pytest.raises(DocsError):
        run(tmp_path, "```bash\nfalse\ntrue\n```\n")


@pytest.mark.parametrize(
    ("body", "comment"),
    [
        ("$ exit 10", "exit 10"),
        ("$ echo 'batch 7 of 0xab12cd34ef in 1.5 s'\n batch 12 of 0x99887766 in 20.25 s", "prints"),
        ("$ echo one\none\n$ make test\n900 passed", "prints"),
    ],
)
def test_a_command_that_does_as_shown_passes(tmp_path: Path, body: str, comment: str) -> None:
    run(tmp_path, console(body, comment))


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nls\n```\n",
        "```shell\nls\n```\n",
        console("no command"),
        console("$ make test", "never"),
        console("$ ls", "later"),
        console("$ ls", "exit"),
        console("$ ls", "demo now"),
    ],
)
def test_a_page_that_breaks_the_convention_is_refused(text: str) -> None:
    with pytest.raises(DocsError):
        blocks("page.md", text)


def test_blocks_of_other_languages_hold_no_commands() -> None:
    assert blocks("page.md", "```json\n{}\n```\n\n```text\n$ ls\n```\n") == []


def test_a_background_command_is_awaited_and_ended(tmp_path: Path) -> None:
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader/index.html").write_text("here", encoding="utf-8")
    serve = "python -m http.server --bind 127.0.0.1 18765"
    url = "http://127.0.0.1:18765/"
    text = console(f"$ {serve}", f"background {url}")
    fetch = f"import urllib.request as r; print(r.urlopen('{url}').read().decode())"
    run(tmp_path, text + console(f'$ python -c "{fetch}"\nhere', "prints"))
    with pytest.raises(DocsError):
        run(tmp_path, console(f'$ python -c "{fetch}"'))


def test_a_background_command_is_not_taken_for_another_one(tmp_path: Path) -> None:
    url = "http://127.0.0.1:18766/"
    serve = console("$ python -m http.server --bind 127.0.0.1 18766", f"background {url}")
    with pytest.raises(DocsError, match="something else answers"):
        run(tmp_path, serve + serve)


def test_a_background_command_ends_with_whoever_started_it(tmp_path: Path) -> None:
    program = (
        "import os, pathlib; from tests.docs_commands import Session; "
        f"session = Session(pathlib.Path({str(tmp_path / 'reader')!r})); "
        "session.start('python -m http.server --bind 127.0.0.1 18767', "
        "ready_url='http://127.0.0.1:18767/'); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == -9
    url = "http://127.0.0.1:18767/"
    serve = console("$ python -m http.server --bind 127.0.0.1 18767", f"background {url}")
    time.sleep(3)  # the watch looks every second
    run(tmp_path, serve)


def test_the_shape_of_a_line_is_its_words() -> None:
    assert shape(" ✓ chain  0x5FbD…  1.1 s") != shape(" ✓ chain  0x5FbD…  failed")
    assert shape("root 9f86d081884c7d65 at 12:30") == shape("root 60303ae22b998861 at 9:05")
