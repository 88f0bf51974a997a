"""Words, hosts and paths that have no place in the repository; see `tests/rules/words.py`."""

import pytest

from tests.rules import words
from tests.rules.checks import CODE, breaches, none, planted
from tests.rules.source import files


def test_the_glossary_is_kept() -> None:
    ours = files(*CODE, ".md", ".json", ".toml")
    none([b for ban in words.GLOSSARY for b in breaches(ours, ban.found_in)])


@pytest.mark.parametrize(
    "text",
    [
        *("a Merkle proof", "def merkle_proof():", "the audit path", "we notarise it"),
        *("ingest events", "whitelist", "a proof file", "def reveal(item):", "dummy"),
    ],
)
def test_a_banned_word_is_seen(text: str) -> None:
    assert sum(len(ban.found_in(planted(text))) for ban in words.GLOSSARY) == 1


def test_nothing_is_unfinished_and_no_test_is_left_out() -> None:
    none([b for ban in words.UNFINISHED for b in breaches(files(*CODE), ban.found_in)])


@pytest.mark.parametrize(
    "text",
    [
        *("# TODO later", "FIXME", "raise NotImplementedError", "pytest.skip('no')"),
        *("@pytest.mark.xfail", "pytest.importorskip('x')", "test.skip('a', f)"),
    ],
)
def test_unfinished_work_is_seen(text: str) -> None:
    assert sum(len(ban.found_in(planted(text))) for ban in words.UNFINISHED) == 1


def test_no_registry_host_stands_outside_a_lock_file() -> None:
    none(breaches(files(), words.REGISTRY_HOSTS.found_in))


def test_no_path_of_one_machine_stands_anywhere() -> None:
    none(breaches(files(), words.MACHINE_PATHS.found_in))


@pytest.mark.parametrize(
    ("ban", "text"),
    [
        (words.REGISTRY_HOSTS, "https://pypi.org/simple"),
        (words.REGISTRY_HOSTS, "https://registry.npmjs.org/solc"),
        (words.MACHINE_PATHS, "open('/mnt/disk/x')"),
        (words.MACHINE_PATHS, "cd /Users/somebody"),
        (words.MACHINE_PATHS, 'HOME="/home/someone"'),
    ],
)
def test_a_host_or_a_machine_path_is_seen(ban: words.Ban, text: str) -> None:
    assert len(ban.found_in(planted(text))) == 1
