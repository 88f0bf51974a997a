"""The world that tests of several gateways stand on."""

from pathlib import Path

import httpx2
import pytest

from tests.anvil import Anvil
from tests.partners import Person, town


async def test_gateways_answer_where_the_chain_says(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    people = [Person("maker", prefixes=("gs1:6901234",)), Person("carrier"), Person("shop")]
    async with town(anvil, template, tmp_path, people) as t, httpx2.AsyncClient() as client:
        for one in people:
            known = t["maker"].gateway.directory.current.participant_by_slug(one.slug)
            assert known is not None
            assert (known.id, known.url) == (t.member(one.slug).id, t.url(one.slug))
            assert (await client.get(f"{known.url}/healthz")).status_code == 200
        assert t["maker"].gateway.settings.gateway.party == "https://id.gs1.org/417/6901234000009"

        await t.stop("shop")
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"{t.url('shop')}/healthz")
        await t.start("shop")
        assert (await client.get(f"{t.url('shop')}/healthz")).status_code == 200
