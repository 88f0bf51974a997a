"""Reading a code in any spelling, without looking anything up."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from node_gateway.api.deps import GatewayDep, QueryKey
from node_gateway.codes.identity import identify, shown
from node_gateway.services.gateway import CODE_LENGTH_MAX

router = APIRouter(tags=["codes"])

Text = Annotated[str, Query(min_length=1, max_length=CODE_LENGTH_MAX, description="The code.")]
PrefixLength = Annotated[
    int | None, Query(ge=6, le=12, description="Digits of its GS1 company prefix, if not known.")
]


@router.get("/v1/codes/parse", operation_id="parseCode")
async def parse_code(
    key: QueryKey, gateway: GatewayDep, text: Text, prefix_length: PrefixLength = None
) -> dict[str, Any]:
    """Return what a text names: kind, canonical spelling, parts, all other spellings.

    Of a wrong check digit the problem's hint is the right code.
    Problems: parameter, identifier_form, check_digit, drug_code_form, drug_code_digits,
    drug_code_length, drug_code_prefix.
    """
    del key
    known = gateway.prefixes.length_of
    return shown(identify(text), lambda digits: prefix_length or known(digits))
