"""Reading at other participants under their grants: the grantee's side.

What an owner answers is checked before it is handed on: a bundle must be of the event and the
participant that were asked for, and hold in itself. Whether it is anchored, the reader checks
against witnesses of its own choice.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from anchoring.core.bundle import parse_bundle
from anchoring.core.opening import parse_codes_opening, parse_opening
from anchoring.core.read_log import chained, read_from_wire
from anchoring.core.statement import statement_from_wire
from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from anchoring.core.verify import check_bundle
from anchoring.errors import AnchoringError
from node_gateway.errors import GatewayError, NotFinalError, NotFoundError, NotPossibleError
from node_gateway.partners.ports import PeerError, Peers
from node_gateway.partners.read_log import path_of
from node_gateway.partners.statements import Statements, body_of

_OPENING_SIZE_BYTES_MAX: Final = 64 * 1024 * 1024
_LIST_SIZE_BYTES_MAX: Final = 8 * 1024 * 1024
_DETAIL_LENGTH_MAX: Final = 300


class Grantee:
    """Asks owners for what they granted us."""

    def __init__(self, peers: Peers, statements: Statements) -> None:
        self._peers, self._statements = peers, statements

    async def grants(self, owner: int) -> dict[str, Any]:
        """Return the grants that a participant has given us and that hold now, as JSON."""
        return await self._json(owner, "/v1/peer/grants")

    async def events(
        self, owner: int, grant_id: str, *, after: str | None, limit: int
    ) -> dict[str, Any]:
        """Return a page of entries under a grant, as JSON."""
        query = {"perPage": limit, **({"after": after} if after else {})}
        return await self._json(owner, f"{_path(grant_id)}/events?{urlencode(query)}")

    async def bundle(self, owner: int, grant_id: str, entry: bytes, codes: list[str]) -> bytes:
        """Return the bundle of an event under a grant; it proves that very event of the owner."""
        query = f"?{urlencode([('code', one) for one in codes])}" if codes else ""
        target = f"{_path(grant_id)}/events/{entry.hex()}/bundle{query}"
        raw = await self._ask(owner, target, BUNDLE_SIZE_BYTES_MAX)
        try:
            checked = check_bundle(parse_bundle(raw))
        except AnchoringError as error:
            raise _unbelieved(owner, error.code) from error
        if (checked.entry, checked.bundle.participant) != (entry, owner):
            raise _unbelieved(owner, "another event")
        return raw

    async def opening(self, owner: int, grant_id: str, entry: bytes) -> bytes:
        """Return the full opening of an event under a grant; recomputed, it gives the entry."""
        target = f"{_path(grant_id)}/events/{entry.hex()}/opening"
        raw = await self._ask(owner, target, _OPENING_SIZE_BYTES_MAX)
        try:
            opening = parse_opening(raw)
            computed = opening.commitment().entry
        except AnchoringError as error:
            raise _unbelieved(owner, error.code) from error
        if (computed, opening.participant) != (entry, owner):
            raise _unbelieved(owner, "another event")
        return raw

    async def codes_opening(self, owner: int, grant_id: str, entry: bytes) -> bytes:
        """Return the codes opening of an event; its root is compared with that of a bundle."""
        target = f"{_path(grant_id)}/events/{entry.hex()}/codes-opening"
        raw = await self._ask(owner, target, _OPENING_SIZE_BYTES_MAX)
        bundle = parse_bundle(await self.bundle(owner, grant_id, entry, []))
        try:
            root = parse_codes_opening(raw).tree().root
        except AnchoringError as error:
            raise _unbelieved(owner, error.code) from error
        if root != bundle.codes_root:
            raise _unbelieved(owner, "another event")
        return raw

    async def reads(self, owner: int, *, after: int) -> dict[str, Any]:
        """Return what the owner says that we read, recomputed, as JSON.

        `holds` is true if the chain gives the signed digest, and the anchored one (`anchored`: up
        to which read) is among those it gives.
        """
        answer = await self._json(owner, f"/v1/peer/reads?after={after}")
        try:
            said = self._statements.heard(answer["statement"], "reads", owner)
            return self._recomputed(owner, body_of(said), answer)
        except (AnchoringError, GatewayError, KeyError, TypeError, ValueError) as error:
            raise _unbelieved(owner, "the statement of reads") from error

    def _recomputed(
        self, owner: int, body: dict[str, Any], answer: dict[str, Any]
    ) -> dict[str, Any]:
        us, after = self._statements.participant, int(body["after"])
        reads = [read_from_wire(one, owner=owner, grantee=us) for one in body["reads"]]
        digest, number = bytes.fromhex(body["afterDigest"]), after
        digests = {number: digest}
        for one in reads:
            digest = chained([one], after=number, digest=digest)
            number = one.number
            digests[number] = digest
        holds = digest.hex() == body["digest"] and body["grantee"] == us
        anchored, stated = None, body["stated"]
        if stated is not None and answer["proof"] is not None:
            anchored = int(stated["number"])
            shown = self._stated(answer["proof"], owner, str(stated["entry"]))
            known = digests.get(anchored)
            holds = holds and shown == (anchored, stated["digest"])
            holds = holds and (known is None or known.hex() == stated["digest"])
        return {
            "owner": owner,
            "holds": holds,
            "anchored": anchored,
            "reads": body["reads"],
            "more": body["more"],
            "next": number,
            "statement": statement_from_wire(answer["statement"]).to_wire(),
            "proof": answer["proof"],
        }

    def _stated(self, proof: Any, owner: int, entry: str) -> tuple[int, str]:
        """Return what the owner's event states of us."""
        checked = check_bundle(parse_bundle(orjson.dumps(proof)))
        if checked.bundle.participant != owner or checked.entry.hex() != entry:
            raise _unbelieved(owner, "another event")
        path = path_of(self._statements.participant)
        shown = checked.values
        number = shown[f"{path}['urn:x-sealtrail:number']"]
        return int(str(number)), str(shown[f"{path}['urn:x-sealtrail:digest']"])

    async def _json(self, owner: int, target: str) -> dict[str, Any]:
        raw = await self._ask(owner, target, _LIST_SIZE_BYTES_MAX)
        try:
            answer = orjson.loads(raw)
        except ValueError as error:
            raise _unbelieved(owner, "no JSON") from error
        if not isinstance(answer, dict):
            raise _unbelieved(owner, "no object")
        return answer

    async def _ask(self, owner: int, target: str, size_bytes_max: int) -> bytes:
        answer = await self._peers.request(
            owner, "GET", target, answer_size_bytes_max=size_bytes_max
        )
        if answer.ok:
            return answer.body
        raise _problem(owner, answer.status, answer.body)


def _path(grant_id: str) -> str:
    return f"/v1/peer/grants/{quote(grant_id, safe='')}"


def _problem(owner: int, status: int, body: bytes) -> Exception:
    """Return what an owner answered as an error of ours; its words are shown, never obeyed."""
    try:
        problem = orjson.loads(body)
        code, detail = str(problem["code"]), str(problem["detail"])[:_DETAIL_LENGTH_MAX]
    except (ValueError, KeyError, TypeError):
        code, detail = "", ""
    if status == 404 and code in ("grant_not_found", "event_not_found", "code_not_found"):
        return NotFoundError(detail, code=code)
    if status == 409 and code == "not_final":
        return NotFinalError(detail)
    if status in (400, 409) and code in ("opening_beyond_scope", "codes_not_chosen"):
        return NotPossibleError(detail, code=code)
    return PeerError(owner, f"the owner's gateway answers {status} {code}", status=status)


def _unbelieved(owner: int, why: str) -> PeerError:
    return PeerError(
        owner, f"the owner's answer cannot be believed: {why}", code="peer_answer", retryable=False
    )
