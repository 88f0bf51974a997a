"""The official OpenAPI file of EPCIS 2.0, with what is wrong in it put right, each with its reason.

Nothing here makes the description fit our answers where the standard says otherwise: a patch is
there because the file contradicts itself, the standard's text, or OpenAPI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Description = dict[str, Any]
_METHODS = ("get", "post", "put", "delete", "options")


def patched(official: Description) -> Description:
    """Return a copy of the official description without its known defects."""
    description = deepcopy(official)
    for patch in PATCHES:
        patch(description)
    return description


def operations(description: Description) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (METHOD, path, operation)."""
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def schedules_are_text(description: Description) -> None:
    """The patterns of the schedule (`\\g<element>`) are PCRE; OpenAPI has ECMA-262's."""
    for name, schema in description["components"]["schemas"].items():
        if name.startswith("GS1-Query-"):
            schema.pop("pattern", None)


def a_conflict_is_409(description: Description) -> None:
    """The body of the answer 409 says that its `status` is 406."""
    responses = description["components"]["responses"]
    for media in responses["409ResourceAlreadyExistsException"]["content"].values():
        for part in media["schema"]["allOf"]:
            if "status" in part.get("properties", {}):
                part["properties"]["status"] |= {"enum": [409], "default": 409}


def an_unsupported_type_has_one_name(description: Description) -> None:
    """In XML the exception is misspelt `IUnsupportedMediaTypeException`."""
    for media in description["components"]["responses"]["415UnsupportedMediaType"][
        "content"
    ].values():
        for part in media["schema"]["allOf"]:
            if "properties" in part and "type" in part["properties"]:
                part["properties"]["type"]["enum"] = [
                    "epcisException:UnsupportedMediaTypeException"
                ]


def a_link_is_a_link(description: Description) -> None:
    """`Link` has the format `uri`, but its own example is RFC 8288: `<...>; rel="next"`."""
    description["components"]["schemas"]["Link"].pop("format", None)


def extensions_are_text(description: Description) -> None:
    """`GS1-Extensions` is an object in the style `simple`, but every namespace has a colon and its
    example has spaces and line ends; as text the header says what the example says."""
    schema = description["components"]["schemas"]["GS1-Extensions"]
    schema["type"] = "string"
    schema["pattern"] = "^[a-z][a-z-]{0,10}=[a-z]{3,5}:[a-z./:-]{1,30}$"
    for parameter in description["components"]["parameters"].values():
        if parameter["name"] == "GS1-Extensions":
            parameter.pop("style", None)
            parameter.pop("explode", None)


def a_job_has_errors_or_a_file(description: Description) -> None:
    """Neither branch of the `oneOf` of a capture job requires anything, so every job fits both."""
    parts = description["components"]["schemas"]["CaptureJob"]["allOf"]
    for part in parts:
        if "oneOf" in part:
            part["anyOf"] = part.pop("oneOf")


def a_named_query_is_one_object(description: Description) -> None:
    """`GET /queries/{queryName}` answers an array by its schema and an object by its example and
    description; there is one query of a name."""
    media = description["paths"]["/queries/{queryName}"]["get"]["responses"]["200"]["content"]
    for one in media.values():
        one["schema"] = {"$ref": "#/components/schemas/QueryDefinition"}


def websockets_are_no_plain_requests(description: Description) -> None:
    """`Upgrade` and `Connection` are given as parameters of every request for the events of a named
    query; OpenAPI reserves such headers to HTTP, and a plain GET has none. Schedule and stream
    belong to the websocket, too."""
    operation = description["paths"]["/queries/{queryName}/events"]["get"]
    kept = ("PerPage", "NextPageToken", "GS1-CBV", "GS1-EPC", "GS1-EPCIS", "GS1-Ext")
    operation["parameters"] = [
        one
        for one in operation["parameters"]
        if one.get("$ref", "").rpartition("/")[2].startswith(kept)
    ]


def values_of_paths_are_as_in_lists(description: Description) -> None:
    """A step or disposition in a path has the format `uri`, while the lists of them, and every
    event, have bare words."""
    parameters = description["components"]["parameters"]
    for name, schema in (("BizStep", "bizStep"), ("Disposition", "disposition")):
        parameters[name]["schema"] = {"$ref": f"#/components/schemas/{schema}"}


def counts_have_a_least(description: Description) -> None:
    """`perPage`, `eventCountLimit` and `maxEventCount` are integers without a lower bound, though a
    page of less than one event is none."""
    schemas, parameters = (description["components"][name] for name in ("schemas", "parameters"))
    schemas["PerPage"]["minimum"] = 1
    parameters["eventCountLimit"]["schema"]["minimum"] = 1
    parameters["maxEventCount"]["schema"]["minimum"] = 0


def directions_are_two(description: Description) -> None:
    """`orderDirection` must be ASC or DESC by its description, any string by its schema; `orderBy`
    is one of two fields or a qualified name."""
    parameters = description["components"]["parameters"]
    parameters["orderDirection"]["schema"]["enum"] = ["ASC", "DESC"]
    parameters["orderBy"]["schema"]["enum"] = ["eventTime", "recordTime", "cbvmda:lotNumber"]


def queries_can_be_refused(description: Description) -> None:
    """Lists take parameters that can be wrong, and the text has exceptions for that, but
    several lists and `POST /queries` have no answer 400, `/events` no 413."""
    responses = "#/components/responses/"
    for method, path, operation in operations(description):
        answers = operation["responses"]
        if method == "GET" or (method, path) == ("POST", "/queries"):
            answers.setdefault("400", {"$ref": f"{responses}400QueryIssues"})
        if path.endswith("/events") and method == "GET":
            answers.setdefault("413", {"$ref": f"{responses}413QueryScopeOrSize"})
        if "{" in path:
            answers.setdefault("404", {"$ref": f"{responses}404ResourceNotFound"})
        if method != "OPTIONS":
            answers.setdefault("415", {"$ref": f"{responses}415UnsupportedMediaType"})
        answers.setdefault("414", {"$ref": f"{responses}414URLTooLong"})
        answers.setdefault("406", {"$ref": f"{responses}406NotAcceptable"})
        answers.setdefault("401", {"$ref": f"{responses}401UnauthorizedRequest"})


def a_named_query_can_be_paged(description: Description) -> None:
    """The answer 400 of a named query's events lists exceptions of subscriptions only, as JSON that
    is no problem document."""
    answers = description["paths"]["/queries/{queryName}/events"]["get"]["responses"]
    answers["400"] = {"$ref": "#/components/responses/400QueryIssues"}


def refusals_of_subscriptions_are_problems(description: Description) -> None:
    """The answer 400 about subscriptions is declared as plain JSON, all other refusals as
    problem+json; making a subscription has no answer 400 at all, though its controls can be wrong,
    and neither do names that cannot be read."""
    responses = description["components"]["responses"]
    content = responses["400SubscriptionIssues"]["content"]
    content["application/problem+json"] = content["application/json"]
    made = description["paths"]["/queries/{queryName}/subscriptions"]["post"]["responses"]
    made["400"] = {"$ref": "#/components/responses/400SubscriptionIssues"}


def tokens_of_nobody_are_unknown(description: Description) -> None:
    """What is no page token cannot be invalidated; 404 is what the other paths answer."""
    answers = description["paths"]["/nextPageToken/{token}"]["delete"]["responses"]
    answers["404"] = {"$ref": "#/components/responses/404ResourceNotFound"}


PATCHES: tuple[Callable[[Description], None], ...] = (
    schedules_are_text,
    a_conflict_is_409,
    an_unsupported_type_has_one_name,
    a_link_is_a_link,
    extensions_are_text,
    a_job_has_errors_or_a_file,
    a_named_query_is_one_object,
    websockets_are_no_plain_requests,
    values_of_paths_are_as_in_lists,
    counts_have_a_least,
    directions_are_two,
    queries_can_be_refused,
    a_named_query_can_be_paged,
    refusals_of_subscriptions_are_problems,
    tokens_of_nobody_are_unknown,
)
