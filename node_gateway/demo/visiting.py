"""What a person can open while the demo stays up: addresses, and logins that are made for them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pyotp

from anchoring.chain.governance_calls import NoticeScope, NoticeText
from anchoring.directory.prefixes import prefix_of_code
from node_gateway.console.one_time_codes import STEP_S, key_text
from node_gateway.console.tokens import code_key_of, new_token
from node_gateway.demo.assembly import Assembly
from node_gateway.demo.chapters import until
from node_gateway.demo.companies import CompanyGateway
from node_gateway.demo.processes import DemoError
from node_gateway.demo.story import RECALLED_LOT, packs, recalled, recalled_pack
from node_gateway.demo.telling import ask
from node_gateway.demo.world import World, open_key

_ID: Final = "https://id.gs1.org"
_LOGINS: Final = (("maker", "quality"), ("distributor", "operator"))
"""Companies of which a console can be opened, and the role of who signs in there."""
_NAME: Final = "visitor"
_FORM: Final = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
_CODE: Final = re.compile(r'<li class="mono">([A-Z2-7-]{19})</li>')
_CODES_SHOWN: Final = 3
_PASSWORD_LENGTH: Final = 22


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in to one company's console; made at random, kept nowhere else.

    Attributes:
        codes: Each is taken once, in place of an authenticator's.
    """

    url: str
    role: str
    name: str
    password: str
    codes: tuple[str, ...]


async def prepare_visit(world: World) -> list[str]:
    """Recall a pack of another product, make the logins; return what to open.

    Raises:
        DemoError: a gateway does not do its part.
        UnexpectedError: the recall is not shown.
    """
    await _recall_another(world)
    logins = [await _login(world.gateways[slug], role) for slug, role in _LOGINS]
    maker = world.gateways["maker"].url
    lines = [
        f"a pack that was sold     {maker}/c/{_path(packs()[0])}",
        f"a pack that is recalled  {maker}/c/{_path(recalled_pack())}",
        f"the auditor explorer     {maker}/explorer",
        f"the verifier, one file   {maker}/verify.html",
    ]
    for one in logins:
        lines += [
            f"console of an operator   {one.url}   (role {one.role})",
            f"  name {one.name}   password {one.password}",
            f"  codes, each once: {' '.join(one.codes)}",
        ]
    return lines


async def _recall_another(world: World) -> None:
    """Recall a product that no story is about, so that all else can be sold as before."""
    maker, code = world.gateways["maker"], recalled_pack()
    (entry,) = await maker.capture(recalled(datetime.now(UTC)))
    await maker.wait_final(entry)
    product = prefix_of_code(code)
    if product is None:
        raise DemoError("a pack has no product", attempt="the demo again")
    assembly = Assembly(world, {"maker": open_key(maker, "admin")})
    text = NoticeText(zh="请勿使用,送回药房", en="Do not use; bring it back to a pharmacy")
    scope = NoticeScope(product, (RECALLED_LOT,))
    await assembly.send("maker", assembly.calls.publish_notice(1, scope, text, drill=False))

    async def is_shown() -> bool:
        return bool((await ask(maker, code))["notices"])

    await until(is_shown, "the maker does not show its notice")


async def _login(gateway: CompanyGateway, role: str) -> Login:
    """Let the operator invite a visitor, and use the link as one would in a browser."""
    made = await gateway.post("/v1/people", name=_NAME, role=role)
    link, password = str(made["link"]), new_token()[:_PASSWORD_LENGTH]
    path, client = f"/app/join/{link}", gateway.stranger
    form = _FORM.search((await client.get(path)).text)
    code = pyotp.TOTP(key_text(code_key_of(link))).generate_otp(int(time.time()) // STEP_S)
    fields = {"password": password, "again": password, "code": code}
    joined = await client.post(
        path,
        data={"form_token": form[1] if form else "", **fields},
        headers={"Origin": gateway.url},
    )
    codes = tuple(_CODE.findall(joined.text)[:_CODES_SHOWN])
    client.cookies.clear()
    if not codes:
        text = f"the console of {gateway.company.slug} takes no visitor ({joined.status_code})"
        raise DemoError(text, attempt="the demo again")
    return Login(f"{gateway.url}/app", role, _NAME, password, codes)


def _path(code: str) -> str:
    """Return the part of a code that follows the domain."""
    return code.removeprefix(f"{_ID}/")
