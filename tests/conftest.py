"""What every test run says and refuses.

* A skipped test is a failure when `CI=true`: a test that nobody runs proves nothing.
* Tests that read the GS1 corpus carry `pytest.mark.gs1_corpus(cases=N)`; where the corpus is
  absent they are not collected, and the closing lines say how many cases that leaves out.
* A test marked `alone` measures moments: of all workers only its own runs a test meanwhile.
"""

import fcntl
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.turns import turn

ROOT = Path(__file__).resolve().parent.parent
GS1_DIR = Path(os.environ.get("SEALTRAIL_GS1_DIR", ROOT.parent / "shared" / "gs1")).absolute()

LOCKS = ROOT / ".cache"

LEFT_OUT = pytest.StashKey[int]()

# A busy machine is no defect of the code: neither a slow example nor slow drawing fails a test.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "gs1_corpus(cases=1): reads the GS1 corpus (SEALTRAIL_GS1_DIR), of which it checks `cases`",
    )
    config.addinivalue_line("markers", "alone: no other worker runs a test meanwhile")
    config.stash[LEFT_OUT] = 0


def corpus_present() -> bool:
    return (GS1_DIR / "MANIFEST.tsv").is_file()


def pytest_report_header() -> str:
    state = "present" if corpus_present() else "ABSENT"
    return f"GS1 corpus: {state} ({os.path.relpath(GS1_DIR, ROOT)}; SEALTRAIL_GS1_DIR)"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the corpus when there is none, before a skip can be made of it."""
    for item in items:  # a module holds the demo between its tests: both would wait for ever
        if item.get_closest_marker("alone") and "one_demo_at_a_time" in item.fixturenames:  # type: ignore[attr-defined]
            raise pytest.UsageError(f"{item.nodeid}: the demo is waited for, not alone")
    if corpus_present():
        return
    needing = [item for item in items if item.get_closest_marker("gs1_corpus")]
    for item in needing:
        marker = item.get_closest_marker("gs1_corpus")
        config.stash[LEFT_OUT] += int(marker.kwargs.get("cases", 1)) if marker else 0
    items[:] = [item for item in items if item not in needing]
    config.hook.pytest_deselected(items=needing)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside of the clock that ends tests which hang
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    alone = item.get_closest_marker("alone") is not None
    LOCKS.mkdir(parents=True, exist_ok=True)
    with turn(LOCKS, alone=alone):
        return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # In a worker of xdist: hand the count to the controller, which collects nothing itself.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["gs1_left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    count = getattr(node, "workeroutput", {}).get("gs1_left_out", 0)
    stash = node.config.stash  # type: ignore[attr-defined]
    stash[LEFT_OUT] = max(stash[LEFT_OUT], count)  # every worker collects everything


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if count := config.stash[LEFT_OUT]:
        terminalreporter.write_line(
            f"GS1 corpus absent: {count} cases were not collected (set SEALTRAIL_GS1_DIR)",
            yellow=True,
        )


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"a skipped test is a failure in CI: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def gs1_dir() -> Path:
    """Folder of the GS1 corpus; only for tests marked `gs1_corpus`."""
    return GS1_DIR


@pytest.fixture(scope="module")
def one_demo_at_a_time() -> Iterator[None]:
    """Held by whatever starts the demo: it listens on fixed ports."""
    lock = LOCKS / "demo.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session", autouse=True)
def logs_follow_the_capture() -> None:
    """Unconfigured, structlog keeps the stdout of its import, which pytest closes."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
