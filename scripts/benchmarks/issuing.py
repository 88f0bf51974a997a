"""Issuing codes: processor time and memory of a million, and what a guess is worth.

The peer is the other way to have unguessable unique serials: draw each one and let an index of
all of them refuse what came before.
"""

import asyncio
import random
import resource
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Row, paired, single

from node_gateway.api.issuing import CSV_HEAD, csv_lines
from node_gateway.codes.issuing import DIGITS, PLAIN_ALPHABET, Scheme
from node_gateway.services.gate import Gate
from node_gateway.services.issuing import Issuing
from node_gateway.services.issuing_requests import order_request
from node_gateway.settings import IssuingSection
from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import MarkStore

ROUNDS = 3
GTIN, DRUG = "06901234123456", "8123456"
_CHUNK = 4096


def rows(*, quick: bool) -> Iterator[Row]:
    rounds, count = (1, 20_000) if quick else (ROUNDS, 1_000_000)
    yield from _streamed(rounds, count)
    yield from _guessed(count, 100_000 if quick else 10_000_000)


def _streamed(rounds: int, count: int) -> Iterator[Row]:
    ours, grown, sizes = [], [], []
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        for at in range(rounds):
            taken, more, size = asyncio.run(_stream(Path(folder) / f"{at}.db", count))
            ours.append(taken)
            grown.append(more)
            sizes.append(size)
        peer = [_drawn(Path(folder) / f"peer-{at}.db", count) for at in range(rounds)]
    workload = f"{count} GTIN serials as CSV, SQLite"
    yield paired(
        "issue.cpu",
        "s",
        list(zip(ours, [taken for taken, _ in peer], strict=True)),
        peer="drawn, unique index",
        workload=workload,
    )
    yield single("issue.memory", "MiB", grown, f"growth of the process; {workload}")
    yield paired(
        "issue.database",
        "MiB",
        list(zip(sizes, [size for _, size in peer], strict=True)),
        peer="drawn, unique index",
        workload=f"growth of the database; {workload}",
    )


async def _stream(file: Path, count: int) -> tuple[float, float, float]:
    """Issue and write one order; return seconds of processor, MiB of memory and of database."""
    migrate(f"sqlite:///{file}")
    store = await open_store(f"sqlite:///{file}")
    try:
        issuing = _issuing(store)
        await _written(issuing, "warm-up", 5 * _CHUNK)
        memory, size = _rss_mib(), _size_mib(file)
        began = time.process_time()
        assert await _written(issuing, "bench", count) == count
        taken = time.process_time() - began
        return taken, max(_rss_mib() - memory, 0.1), max(_size_mib(file) - size, 0.001)
    finally:
        await store.close()


def _issuing(store: object) -> Issuing:
    gate = Gate()
    gate.ready()
    return Issuing(
        orders=IssuingStore(store),
        marks=MarkStore(store),
        events=store,
        meta=store,
        gate=gate,
        settings=IssuingSection(),
        clock=time.time,
    )


async def _written(issuing: Issuing, name: str, count: int) -> int:
    order = await issuing.issue(order_request(gtin=GTIN, count=count, order_id=name))
    lines = 0
    with tempfile.TemporaryFile() as file:
        file.write(CSV_HEAD)
        async for piece in issuing.written(order, csv_lines):
            file.write(piece)
            lines += piece.count(b"\n")
    return lines


def _drawn(file: Path, count: int) -> tuple[float, float]:
    """Draw serials of the same size into an index; write them only once they are durable."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA cache_size=-65536")
    database.execute("CREATE TABLE code (serial TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
    began = time.process_time()
    with tempfile.TemporaryFile() as out:
        for start in range(0, count, _CHUNK):
            serials = [
                "".join([PLAIN_ALPHABET[one & 31] for one in secrets.token_bytes(12)])
                for _ in range(min(_CHUNK, count - start))
            ]
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO code VALUES (?, 1)", zip(serials, strict=True))
            database.execute("COMMIT")
            out.write(
                "".join(
                    [
                        f"https://id.gs1.org/01/{GTIN}/21/{one},(01){GTIN}(21){one},"
                        f"01{GTIN}21{one}\r\n"
                        for one in serials
                    ]
                ).encode()
            )
    taken = time.process_time() - began
    database.close()
    return taken, _size_mib(file)


def _guessed(issued_count: int, guess_count: int) -> Iterator[Row]:
    """Random serials of the right form, by somebody who knows the product and no key."""
    for name, scheme in (
        ("gtin", Scheme("gtin", GTIN, PLAIN_ALPHABET, 8, 4, secrets.token_bytes(32))),
        ("drug", Scheme("drug", DRUG, DIGITS, 9, 4, secrets.token_bytes(32))),
    ):
        key = secrets.token_bytes(32)
        issued: set[str] = set()
        for start in range(0, issued_count, _CHUNK):
            numbers = range(start, min(start + _CHUNK, issued_count))
            issued.update(one.serial for one in scheme.codes(numbers, key))
        assert len(issued) == issued_count
        rng = random.Random(secrets.token_bytes(32))
        hits = sum("".join(one) in issued for one in _guesses(rng, scheme, guess_count))
        # With no hit, three in as many guesses is the upper bound that 95 % of runs keep to.
        rate = max(hits, 3) / guess_count
        workload = (
            f"{hits} hits of {guess_count} guesses, {issued_count} issued; "
            f"computed {issued_count / scheme.serial_count:.1e}"
        )
        yield single(f"issue.guess.{name}", "rate", [rate], workload)


def _guesses(rng: random.Random, scheme: Scheme, count: int) -> Iterator[list[str]]:
    choose, alphabet, length = rng.choices, scheme.alphabet, scheme.serial_length
    for _ in range(count):
        yield choose(alphabet, k=length)


def _rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _size_mib(file: Path) -> float:
    logs = (file, file.with_name(f"{file.name}-wal"))
    return sum(one.stat().st_size for one in logs if one.exists()) / 1024 / 1024
