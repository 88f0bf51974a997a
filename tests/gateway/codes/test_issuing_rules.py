"""Whose codes are issued, how many, and that none comes twice whatever happens in between."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.errors import NotPossibleError, NotReadyError, ParameterError, SettingsError
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import Party, Product
from node_gateway.services.gate import Gate
from node_gateway.services.issuing import Issuing
from node_gateway.services.issuing_register import MasterRegister
from node_gateway.services.issuing_requests import order_request
from node_gateway.settings import IssuingSection, load_settings
from node_gateway.storage.engine import open_store
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import MarkStore

GTIN, OTHER_GTIN, DRUG = "06901234123456", "06909876123452", "8123456"
US, THEM = 1, 2


@asynccontextmanager
async def issuing(
    file: Path, *, gate: Gate | None = None, register: MasterRegister | None = None, **wishes: Any
) -> AsyncIterator[Issuing]:
    if gate is None:
        gate = Gate()
        gate.ready()
    store = await open_store(f"sqlite:///{file}")
    try:
        yield Issuing(
            orders=IssuingStore(store),
            marks=MarkStore(store),
            events=store,
            meta=store,
            gate=gate,
            settings=IssuingSection(**wishes),
            clock=lambda: 1_790_000_000.0,
            register=register,
        )
    finally:
        await store.close()


@pytest.fixture
def file(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "gateway.db"))


async def issued(service: Issuing, **wishes: Any) -> list[str]:
    order = await service.issue(order_request(**wishes))
    return [one.uri for one in await service.codes(order, 0, order.count)]


async def refusal(service: Issuing, **wishes: Any) -> str:
    with pytest.raises(NotPossibleError) as refused:
        await service.issue(order_request(**wishes))
    assert refused.value.hint
    return refused.value.code


# --- how many


async def test_serials_that_would_be_guessed_too_often_are_refused(file: Path) -> None:
    short = {"alphabet": "0123456789", "serial_length": 10, "check_length": 2}
    async with issuing(file, **short) as service:
        # One in a million of 10^10 serials are 10,000.
        await issued(service, gtin=GTIN, count=9_999)
        assert await refusal(service, gtin=GTIN, count=2) == "guess_rate"
        assert len(await issued(service, gtin=GTIN, count=1)) == 1
        assert await refusal(service, gtin=GTIN, count=1) == "guess_rate"
        assert len(await issued(service, drug=DRUG, count=20_000)) == 20_000  # its form is given


async def test_a_product_keeps_the_serials_of_its_first_order(file: Path) -> None:
    async with issuing(file) as service:
        (first,) = await issued(service, gtin=GTIN, count=1)
    async with issuing(file, serial_length=20, check_length=6) as service:
        (second,) = await issued(service, gtin=GTIN, count=1)
        (other,) = await issued(service, gtin=OTHER_GTIN, count=1)
    lengths = [len(one.rpartition("/")[2]) for one in (first, second, other)]
    assert lengths == [12, 12, 20]


async def test_most_codes_of_an_order(file: Path) -> None:
    async with issuing(file, order_codes_max=5) as service:
        with pytest.raises(ParameterError) as refused:
            await service.issue(order_request(gtin=GTIN, count=6))
        assert refused.value.code == "order_count"


async def test_nothing_is_issued_while_nothing_may_be_written(file: Path) -> None:
    gate = Gate()
    async with issuing(file, gate=gate) as service:
        for state in (lambda: None, lambda: gate.read_only("restored"), lambda: gate.fatal("x")):
            state()
            for ask in (service.issue, service.add_range, service.preview, service.close_ranges):
                with pytest.raises(NotReadyError):
                    await ask(order_request(gtin=GTIN, count=1))
        gate.ready()
        assert await service.ranges() == []


@pytest.mark.parametrize(
    "lines",
    [
        'alphabet = "0123456789A A"',
        "serial_length = 21",
        "serial_length = 6\ncheck_length = 6",
        'alphabet = "0123456789"\nserial_length = 8',
        "guess_rate_max = 0.01",
        'colour = "red"',
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, lines: str) -> None:
    text = (
        '[gateway]\nparticipant = 1\n[chain]\nrpc = "http://127.0.0.1:1"\nnetwork_file = "n"\n'
        '[keys]\nanchor_keystore = "a"\nsign_keystore = "s"\n[issuing]\n'
    )
    file = tmp_path / "sealtrail.toml"
    file.write_text(text)
    load_settings(file)
    file.write_text(f"{text}{lines}\n")
    with pytest.raises(SettingsError):
        load_settings(file)


# --- whose


async def test_settings_say_what_is_ours(file: Path) -> None:
    ours = {"company_prefixes": ("6901234",), "drug_ids": (DRUG,)}
    async with issuing(file, **ours) as service:
        await issued(service, gtin=GTIN, count=1)
        await issued(service, drug=DRUG, count=1)
        await issued(service, sscc="69012345", count=1)
        for wishes in ({"gtin": OTHER_GTIN}, {"drug": "8654321"}, {"sscc": "690987"}):
            assert await refusal(service, count=1, **wishes) == "not_our_product"


def party(name: str, participant: int | None, *prefixes: str) -> Party:
    return Party(id=name, participant=participant, company_prefixes=prefixes)


def product(name: str, maker: str | None, **level: Any) -> Product:
    return Product(id=name, manufacturer=maker, levels=[level])


def register(*records: Party | Product) -> MasterRegister:
    directory = Directory()
    for one in records:
        directory.put("party" if isinstance(one, Party) else "product", one)
    return MasterRegister(directory, US)


OURS, THEIRS = "urn:example:us", "urn:example:them"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), {"gtin": None, "drug": None, "sscc": None}),
        ((party(THEIRS, THEM, "6901234"),), {"gtin": None, "drug": None, "sscc": None}),
        ((party(OURS, US, "6901234"),), {"gtin": None, "drug": None, "sscc": True}),
        ((party(OURS, US, "6909876"),), {"gtin": False, "drug": None, "sscc": False}),
        ((product("a", None, gtins=(GTIN,)),), {"gtin": True, "drug": False, "sscc": None}),
        ((product("a", None, drugIds=(DRUG,)),), {"gtin": False, "drug": True, "sscc": None}),
        (
            (party(THEIRS, THEM), product("a", THEIRS, gtins=(GTIN,), drugIds=(DRUG,))),
            {"gtin": False, "drug": False, "sscc": None},
        ),
        (
            (party(OURS, US, "6901234"), product("a", OURS, gtins=(GTIN,), drugIds=(DRUG,))),
            {"gtin": True, "drug": True, "sscc": True},
        ),
    ],
)
async def test_master_data_say_what_is_ours(
    records: tuple[Party | Product, ...], expected: dict[str, bool | None]
) -> None:
    found = register(*records)
    names = {"gtin": GTIN, "drug": DRUG, "sscc": "69012345"}
    answers = {kind: await found.issues(kind, name) for kind, name in names.items()}  # type: ignore[arg-type]
    assert answers == expected


async def test_what_master_data_do_not_know_is_refused(file: Path) -> None:
    async with issuing(file, register=register(product("a", None, gtins=(GTIN,)))) as service:
        await issued(service, gtin=GTIN, count=1)
        assert await refusal(service, gtin=OTHER_GTIN, count=1) == "not_our_product"


# --- never twice

ASKED = st.one_of(
    st.tuples(
        st.just("order"),
        st.sampled_from(["gtin", "drug", "sscc"]),
        st.integers(1, 2500),
        st.sampled_from(["", "line 1", "line 2"]),
    ),
    st.tuples(
        st.just("range"),
        st.sampled_from(["gtin", "drug", "sscc"]),
        st.integers(1, 500),
        st.sampled_from(["line 2", "line 3"]),
    ),
    st.tuples(st.just("close"), st.none(), st.integers(0, 1000), st.none()),
    st.tuples(st.just("restart"), st.none(), st.none(), st.none()),
)
NAMES = {"gtin": GTIN, "drug": DRUG, "sscc": "690123456"}


@settings(max_examples=25)
@given(steps=st.lists(ASKED, min_size=2, max_size=12))
def test_no_code_is_issued_twice_and_every_order_can_be_repeated(
    template: Path, steps: list[tuple[str, Any, Any, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(shutil.copy(template, Path(folder) / "gateway.db"))
        asyncio.run(_play(file, steps))


async def _play(file: Path, steps: list[tuple[str, Any, Any, Any]]) -> None:
    answered: dict[str, tuple[Callable[[], Any], list[str]]] = {}
    at = 0
    while at < len(steps):
        async with issuing(file) as service:  # a restart begins here
            while at < len(steps):
                step, kind, count, line = steps[at]
                at += 1
                if step == "restart":
                    break
                if step == "close":
                    await service.close_ranges(None, skip=count)
                elif step == "range":
                    await service.add_range(
                        order_request(**{kind: NAMES[kind]}, count=count, line=line)
                    )
                else:
                    await _order(service, answered, f"o{at}", kind, count, line)
    async with issuing(file) as service:
        for name, (wishes, codes) in answered.items():
            assert await issued(service, order_id=name, **wishes()) == codes
            for code in (codes[0], codes[-1]):
                found = await service.status(code)
                assert found.status == "issued_not_commissioned"
                assert found.place is not None
                assert found.place.order_id == name
    every = [code for _, codes in answered.values() for code in codes]
    assert len(set(every)) == len(every)


async def _order(
    service: Issuing,
    answered: dict[str, tuple[Callable[[], Any], list[str]]],
    name: str,
    kind: str,
    count: int,
    line: str,
) -> None:
    def wishes() -> dict[str, Any]:
        return {kind: NAMES[kind], "count": count, "line": line}

    try:
        answered[name] = wishes, await issued(service, order_id=name, **wishes())
    except NotPossibleError as error:
        if error.code != "range_exhausted":
            raise
