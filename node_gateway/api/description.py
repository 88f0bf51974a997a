"""The OpenAPI description: what FastAPI finds in the routers, completed by answers and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from node_gateway.api import (
    answers,
    answers_challenges,
    answers_evidence,
    answers_exceptions,
    answers_governing,
    answers_grants,
    answers_handovers,
    answers_labels,
    answers_notices,
    answers_operating,
    answers_pages,
    answers_peers,
    answers_people,
    answers_public,
    answers_receiving,
    answers_traces,
    linting_answers,
)
from node_gateway.api import answers_archives as archives
from node_gateway.api import answers_consortium as consortium
from node_gateway.api import answers_health as health
from node_gateway.api import answers_recalls as recalls
from node_gateway.api import answers_webhooks as webhooks
from node_gateway.api import importing_answers as importing
from node_gateway.api import issuing_answers as issuing
from node_gateway.api import master_data_answers as master
from node_gateway.api import state_answers as states

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
_SCHEMAS: Final = "#/components/schemas/"
_COLLECTION: Final = "A list of values, an EPCIS `Collection`."
_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}

ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "captureDocument": {200: answers.CaptureReport, 202: answers.CaptureReport},
    "getCaptureJob": {200: answers.CaptureJob},
    "captureEvent": {201: answers.EventResult, 202: answers.EventResult},
    "listResources": {200: _COLLECTION},
    "describeRelay": {200: answers_pages.Relay},
    "relayChain": {200: answers_pages.Relayed},
    "giveBackToken": {204: "The token is void."},
    "listCaptureJobs": {200: "An array of capture jobs."},
    **{
        f"{verb}{name}": {200: answer}
        for name in ("EventTypes", "Epcs", "BizSteps", "BizLocations", "ReadPoints", "Dispositions")
        for verb, answer in (
            ("list", _COLLECTION),
            ("browse", _COLLECTION),
            ("events", "An EPCISQueryDocument."),
        )
    },
    "listQueries": {200: "An array of named queries."},
    "addQuery": {201: "The named query."},
    "getQuery": {200: "The named query."},
    "runQuery": {200: "An EPCISQueryDocument."},
    "removeQuery": {204: "The query is removed."},
    "listSubscriptions": {200: "An array of subscriptions."},
    "addSubscription": {201: "The subscription, without its secret."},
    "getSubscription": {200: "The subscription, without its secret."},
    "removeSubscription": {204: "The subscription is removed."},
    "queryEvents": {200: "An EPCISQueryDocument."},
    "getEvent": {200: "An EPCISQueryDocument with the event and its error declaration, if any."},
    "getEventState": {200: answers.EventState},
    "getBundle": {200: "A bundle, `sealtrail/proof/v1` (docs/reference/formats.md)."},
    "correctEvent": {200: answers.CorrectionMade, 201: answers.CorrectionMade},
    "getReceipt": {200: "A receipt, `sealtrail/receipt/v1` (docs/reference/formats.md)."},
    "getReceipts": {200: answers.Receipts},
    "getOpening": {200: "A full opening (docs/reference/formats.md)."},
    "getCodesOpening": {200: "A codes opening (docs/reference/formats.md)."},
    "getDecoys": {200: "The nonces of the decoys of a batch, base64url."},
    "parseCode": {200: answers.ParsedCode},
    "issueCodes": {200: "The codes as CSV, or as a JSON document (docs/reference/issuing.md)."},
    "listCodeOrders": {200: issuing.CodeOrders},
    "getCodeOrder": {200: issuing.CodeOrderDetail},
    "getOrderedCodes": {200: "The codes as CSV, or as a JSON document."},
    "commissionCodes": {200: issuing.Commissioned},
    "listCodeRanges": {200: issuing.CodeRanges},
    "addCodeRange": {201: issuing.CodeRange},
    "closeCodeRanges": {200: issuing.CodeRanges},
    "voidCode": {200: issuing.Withdrawn},
    "replaceCode": {200: issuing.Withdrawn},
    "getCodeStatus": {200: issuing.CodeStatus},
    "traceCode": {200: answers.Trace},
    "lookUpCode": {200: answers_public.PublicAnswer},
    "traceNetwork": {200: answers_traces.NetworkTrace},
    "askTrace": {200: answers_traces.PeerTrace},
    "askSale": {200: answers_traces.PeerSale},
    "importFile": {202: importing.ImportJob},
    "getImport": {200: importing.ImportJob},
    "exportBill": {200: "A file of the platform, `application/xml`."},
    "exportRelation": {200: "A file of the platform, `application/xml`."},
    "listAnchors": {200: answers.Anchors},
    "listArchives": {200: archives.Archives},
    "listArchivedAnchors": {200: answers.Anchors},
    "listArchivedEntries": {200: answers.Entries},
    "lookUpArchivedCode": {200: archives.ArchivedAnswer},
    "listEntries": {200: answers.Entries},
    "listOperations": {200: "The operations, what they need, and the event that each one states."},
    "operate": {200: answers_operating.Operated, 201: answers_operating.Operated},
    "mergeUnits": {200: answers_operating.MergedUnits, 201: answers_operating.MergedUnits},
    "undoOperation": {200: answers_operating.Operated, 201: answers_operating.Operated},
    "anchorNow": {202: answers.MadeBatches},
    "getStatus": {200: answers.Status},
    "getCodeState": {200: states.CodeStateAnswer},
    "getCodeTree": {200: states.CodeTree},
    "listFindings": {200: states.Findings},
    "getFinding": {200: states.FindingAnswer},
    "getEventFindings": {200: states.EventFindings},
    "checkState": {200: states.StateCheck},
    "addApiKey": {201: answers.NewApiKey},
    "listApiKeys": {200: answers.ApiKeys},
    "revokeApiKey": {200: answers.ApiKeyInfo},
    **{
        name: {200: answers_governing.Governed}
        for name in (
            *("propose", "voteOnProposal", "offerPrefix", "surrenderPrefix", "answerOffer"),
            *("publishNotice", "escalateNotice", "liftNotice"),
        )
    },
    "eraseEvent": {200: answers.Erased},
    "keepCsvMapping": {200: linting_answers.KeptMapping},
    "lintFile": {200: linting_answers.LintAnswer},
    "listProducts": {200: master.ProductPage},
    "listProductVersions": {200: master.ProductVersions},
    "getProduct": {200: master.ProductRecord},
    "putProduct": {200: master.ProductRecord, 201: master.ProductRecord},
    "removeProduct": {200: master.ProductRecord},
    "importProducts": {200: master.MasterDataReport},
    "listLocations": {200: master.LocationPage},
    "listLocationVersions": {200: master.LocationVersions},
    "getLocation": {200: master.LocationRecord},
    "putLocation": {200: master.LocationRecord, 201: master.LocationRecord},
    "removeLocation": {200: master.LocationRecord},
    "importLocations": {200: master.MasterDataReport},
    "listParties": {200: master.PartyPage},
    "listPartyVersions": {200: master.PartyVersions},
    "getParty": {200: master.PartyRecord},
    "putParty": {200: master.PartyRecord, 201: master.PartyRecord},
    "removeParty": {200: master.PartyRecord},
    "importParties": {200: master.MasterDataReport},
    "getConsortium": {200: consortium.Consortium},
    "listParticipants": {200: consortium.Participants},
    "getParticipant": {200: consortium.WholeParticipant},
    "listProposals": {200: consortium.Proposals},
    "getProposal": {200: consortium.ProposalAnswer},
    "listPrefixes": {200: consortium.Prefixes},
    **answers_challenges.ANSWERS,
    **answers_evidence.ANSWERS,
    **answers_peers.ANSWERS,
    **answers_people.ANSWERS,
    **answers_grants.ANSWERS,
    **answers_exceptions.ANSWERS,
    **answers_receiving.ANSWERS,
    **answers_handovers.ANSWERS,
    **answers_labels.ANSWERS,
    "listNotices": {200: answers_notices.Notices},
    "getNotice": {200: answers_notices.NoticeAnswer},
    "listAffectedCodes": {200: answers_notices.AffectedCodes},
    "listNoticeFindings": {200: answers_notices.NoticeFindings},
    "loadNoticeList": {201: answers_notices.LoadedList},
    "listRecallTasks": {200: recalls.RecallTasks},
    "getRecallReach": {200: recalls.RecallReach},
    "acknowledgeRecall": {200: recalls.RecallReach},
    "listWebhooks": {200: webhooks.WebhookList},
    "addWebhook": {201: webhooks.WebhookWithSecret},
    "getWebhook": {200: webhooks.WebhookAnswer},
    "removeWebhook": {204: "Removed."},
    "rotateWebhook": {200: webhooks.WebhookWithSecret},
    "testWebhook": {202: webhooks.WebhookAnswer},
    "replayWebhook": {202: webhooks.Replayed},
    "listWebhookDeliveries": {200: webhooks.DeliveryList},
    "health": {200: answers.Health},
    "getProblem": {200: health.ProblemMeaning},
    "readiness": {200: health.Readiness, 503: health.Readiness},
    "metrics": {200: "Metrics in the text format of Prometheus."},
}
"""By operation: the model of an answer, or words for one whose form is defined elsewhere."""

_DOCUMENTS: Final = {
    "addQuery": 'A named query: `{"name": ..., "query": {...}}`.',
    "addSubscription": 'A subscription: `{"dest": "https://...", "stream": true}`.',
    "captureDocument": "An EPCISDocument (EPCIS 2.0 JSON-LD, or XML of EPCIS 1.2 or 2.0).",
    "captureEvent": "One EPCIS event: JSON with its own `@context`, or XML.",
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    description = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for methods in description["paths"].values():
        for operation in methods.values():
            _complete(operation)
    models: set[type[BaseModel]] = {answers.Problem}
    for some in ANSWERS.values():
        models |= {one for one in some.values() if not isinstance(one, str)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "serialization") for model in ordered], ref_template=_SCHEMAS + "{model}"
    )
    components = description.setdefault("components", {})
    kept = {
        name: schema
        for name, schema in components.get("schemas", {}).items()
        if "ValidationError" not in name  # a mistaken parameter is a problem, like all else
    }
    components["schemas"] = dict(sorted({**kept, **schemas["$defs"]}.items()))
    return description


def _complete(operation: dict[str, Any]) -> None:
    name = operation["operationId"]
    operation["responses"] = {
        str(status): {"description": _first_line(answer), "content": _content(name, answer)}
        for status, answer in ANSWERS.get(name, {}).items()
    }
    operation["responses"]["default"] = {
        "description": "A problem (RFC 9457).",
        "content": {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
    }
    if name in _DOCUMENTS:
        all_kinds = (JSON, "application/ld+json", "application/xml", "text/xml")
        kinds = all_kinds[:1] if name.startswith("add") else all_kinds
        media = {kind: {"schema": _OBJECT if "json" in kind else _TEXT} for kind in kinds}
        operation["requestBody"] = {
            "required": True,
            "description": _DOCUMENTS[name],
            "content": media,
        }


def _first_line(answer: type[BaseModel] | str) -> str:
    text = answer if isinstance(answer, str) else answer.__doc__ or ""
    return text.strip().splitlines()[0]


def _content(name: str, answer: type[BaseModel] | str) -> dict[str, Any]:
    if name == "metrics":
        return {"text/plain": {"schema": {"type": "string"}}}
    if name in ("issueCodes", "getOrderedCodes"):
        return {"text/csv": {"schema": {"type": "string"}}, JSON: {"schema": _OBJECT}}
    if name in answers_labels.FILES:
        return {kind: {"schema": {"type": "string"}} for kind in answers_labels.FILE_TYPES}
    if isinstance(answer, str):
        return {JSON: {"schema": _OBJECT}}
    return {JSON: {"schema": {"$ref": f"{_SCHEMAS}{answer.__name__}"}}}
