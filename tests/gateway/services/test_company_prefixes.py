"""Lengths of company prefixes: stated in master data, or learnt from EPC URNs; kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node_gateway.services.company_prefixes import CompanyPrefixes
from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.named_queries import QueryStore


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[QueryStore]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate(url)
    store = await open_store(url)
    yield QueryStore(store)
    await store.close()


def nothing_stated(digits: str) -> int | None:
    del digits
    return None


async def test_learnt_from_urns_and_kept(kept: QueryStore) -> None:
    prefixes = CompanyPrefixes(kept, stated_length_of=nothing_stated)
    await prefixes.load()
    assert prefixes.length_of("614141123452") is None
    await prefixes.learn(b'{"epcList": ["urn:epc:id:sgtin:0614141.107346.2018"]}')
    await prefixes.learn(b"<epc>urn:epc:id:sscc:6901234.0000000001</epc>")
    await prefixes.learn(b'"urn:epc:idpat:sgtin:9521234.*.*" "https://id.gs1.org/01/1"')
    assert prefixes.length_of("0614141123452") == 7
    assert prefixes.length_of("690123400000") == 7
    again = CompanyPrefixes(kept, stated_length_of=nothing_stated)
    assert again.length_of("0614141123452") is None
    await again.load()
    assert again.length_of("0614141123452") == 7
    assert again.length_of("9521234567890") == 7


async def test_what_is_known_first_stands(kept: QueryStore) -> None:
    prefixes = CompanyPrefixes(kept, stated_length_of=nothing_stated)
    await prefixes.learn(b"urn:epc:id:sgtin:0614141.107346.1")
    await prefixes.learn(b"urn:epc:id:sgtin:06141411.07346.1")
    assert prefixes.length_of("0614141107346") == 7
    assert await kept.company_prefixes() == ["0614141"]


async def test_master_data_go_before_what_was_learnt(kept: QueryStore) -> None:
    prefixes = CompanyPrefixes(
        kept, stated_length_of=lambda digits: 9 if digits.startswith("061414110") else None
    )
    await prefixes.learn(b"urn:epc:id:sgtin:0614141.107346.1")
    assert prefixes.length_of("0614141107346") == 9
    assert prefixes.length_of("0614141207346") == 7


async def test_a_document_without_urns_teaches_nothing(kept: QueryStore) -> None:
    prefixes = CompanyPrefixes(kept, stated_length_of=nothing_stated)
    for document in (b"", b"{}", b"urn:epc:id:gid:1234567.1.1", b"urn:epc:id:sgtin:12345.1.1"):
        await prefixes.learn(document)
    assert await kept.company_prefixes() == []
