"""Verification of a product identifier, as trading partners ask each other before they resell.

`GET /verify/gtin/{gtin}/lot/{lot}/ser/{ser}?exp=YYMMDD` answers 200 also for a no, with a reason.
It says no more than the page of the code, and is counted and paced alike.

Sources: GS1 Lightweight Messaging Standard for Verification of Product Identifiers 1.0.2 (request,
members of the answer, `GTIN_not_found`); GS1 US implementation guideline 1.3 to it, as listed at
https://support.movilitas.cloud/support/solutions/articles/16000153319 (reasons, additionalInfo).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from anchoring.verdicts import CodeState, Verdict
from node_gateway.api.deps import GatewayDep
from node_gateway.errors import ParameterError
from node_gateway.pages.asking import HOME, read_code
from node_gateway.pages.looking import Looked
from node_gateway.pages.result import looked_up
from node_gateway.services.gateway import Gateway

NO_MATCH: Final = "No_match_GTIN_Serial"
NO_GTIN: Final = "GTIN_not_found"
NO_REASON: Final = "No_reason_provided"
OUT_OF_TRADE: Final = "Not_for_re-distribution"
_ASKED: Final = re.compile(r"([^/]+)/lot/([^/]+)/ser/([^/]+)")
_EXPIRY: Final = re.compile(r"[0-9]{6}")
_MISSING: Final = frozenset({CodeState.NEVER_ISSUED, CodeState.NOT_ACTIVATED})
_OUT_OF_TRADE: Final = frozenset({Verdict.DESTROYED, Verdict.SOLD_AGAIN})
_BESIDE: Final = {
    Verdict.RECALLED: "Recalled",
    Verdict.EXPIRED: "Expired",
    Verdict.DESTROYED: "Suspect",  # there is no word for it; yet somebody holds it and asks
    Verdict.SOLD_AGAIN: "Suspect",
}
_PARTY: Final = re.compile(r".*/41[47]/([0-9]{13})(?:/.*)?")
_NO_STORE: Final = {"Cache-Control": "no-store"}
Uuid = Annotated[str, Query(max_length=64, alias="corrUUID")]

router = APIRouter(include_in_schema=False)


@router.get("/verify/gtin/{rest:path}")
async def verify_identifier(
    request: Request,
    gateway: GatewayDep,
    rest: str,
    exp: Annotated[str, Query(max_length=6)] = "",
    corr: Uuid = "",
) -> Response:
    """Say whether GTIN, lot, serial and expiry are those of one pack of ours."""
    del rest  # as it was written, it is in the address: a serial may hold a slash
    raw = request.scope.get("raw_path") or request.url.path.encode()
    parts = _ASKED.fullmatch(raw.split(b"?")[0].decode("ascii", "replace")[len("/verify/gtin/") :])
    if parts is None or (exp and not _EXPIRY.fullmatch(exp)):
        raise ParameterError("it is /verify/gtin/{gtin}/lot/{lot}/ser/{serial}?exp=YYMMDD")
    gtin, lot, serial = parts.groups()
    beside = f"?17={quote(exp, safe='')}" if exp else ""
    asked = read_code(f"{HOME}01/{gtin.zfill(14)}/10/{lot}/21/{serial}{beside}")
    if asked.lot is None or (exp and asked.expiry is None):
        raise ParameterError("the lot, or the day, is none that a symbol could state")
    looked = await looked_up(request, gateway, asked)
    return JSONResponse({"data": outcome(looked), **_about(gateway, corr)}, headers=_NO_STORE)


@router.get("/checkConnectivity")
async def check_connectivity(gateway: GatewayDep, corr: Uuid = "") -> Response:
    """Say that verification requests arrive here."""
    return JSONResponse(_about(gateway, corr), headers=_NO_STORE)


def outcome(looked: Looked) -> dict[str, Any]:
    """Return whether a look verifies what was asked, and why not."""
    reason = _reason(looked)
    said: dict[str, Any] = {"verified": reason is None}
    if reason is not None:
        said["verificationFailureReason"] = reason
    beside = next((_BESIDE[one] for one in looked.verdicts if one in _BESIDE), None)
    if beside is not None:
        said["additionalInfo"] = beside
    return said


def _reason(looked: Looked) -> str | None:
    known, asked = looked.product, looked.asked
    if known is None:
        if not looked.is_ours:
            return NO_GTIN
        return NO_MATCH if looked.state in _MISSING else NO_REASON
    parts = [
        name
        for name, differs in (("Lot", looked.lot_differs), ("Expiry", looked.expiry_differs))
        if differs
    ]
    if parts:
        return "_".join((NO_MATCH, *parts))
    is_compared = known.lot is not None and (not asked.expiry or known.expiry is not None)
    if not _OUT_OF_TRADE.isdisjoint(looked.verdicts):
        return OUT_OF_TRADE
    return None if is_compared else NO_REASON


def _about(gateway: Gateway, corr: str) -> dict[str, Any]:
    party = _PARTY.fullmatch(gateway.settings.gateway.party or "")
    at = datetime.fromtimestamp(int(gateway.clock()), UTC)
    said = {"verificationTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if party is not None:
        said["responderGLN"] = party[1]
    if corr:
        said["corrUUID"] = corr
    return said


__all__ = ["outcome", "router"]
