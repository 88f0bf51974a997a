"""What commands say: data on stdout, talk on stderr, a `Try:` line with every error."""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

OK, FAILURE, USAGE, MISMATCH, NOT_FOUND = 0, 1, 2, 10, 11
PENDING, CANNOT_CHECK, SUSPICIOUS = 12, 13, 14

_EXIT_BY_CODE = {
    "not_acknowledged": PENDING,
    "unknown_rule": USAGE,
    "code_not_issued": NOT_FOUND,
    "not_final": PENDING,
    "parameter": USAGE,
    "settings": USAGE,
    "unknown_scope": USAGE,
    "key_name": USAGE,
    "key_expiry": USAGE,
    "code_too_long": USAGE,
    "what_to_issue": USAGE,
    "gtin_form": USAGE,
    "drug_id_form": USAGE,
    "company_prefix_form": USAGE,
    "line_form": USAGE,
    "order_id": USAGE,
    "order_count": USAGE,
    "reason_form": USAGE,
    "lot_form": USAGE,
    "day_form": USAGE,
    "not_admitted": PENDING,
    "keys_differ": MISMATCH,
    "backup_key": USAGE,
    "backup_place": USAGE,
    "backup_damaged": MISMATCH,
    **dict.fromkeys(
        (
            *("notice_level", "notice_scope", "notice_wording", "notice_too_large", "url_form"),
            *("address_form", "digest_form", "time_form", "unknown_role", "participant_file"),
            *("grant_scope", "grant_items", "purpose_form", "until_form", "product_form"),
            *("webhook_type", "webhook_state", "webhook_overlap", "request_key", "dscsa_form"),
            *("operation_incomplete", "subscription_address", "identifier_form", "check_digit"),
            *("party_unknown", "party_ambiguous", "packing_form", "codes_at_once", "prefix_form"),
            *("label_goods", "label_count", "label_symbol", "label_level", "label_media"),
            *("label_dpi", "label_font", "label_skip", "label_x_dimension", "label_bar_height"),
            *("label_kind", "label_address", "label_content", "label_format", "label_native"),
            *("label_too_small", "label_twice", "product_id_form", "credit_code_form"),
            "enterprise_id_form",
        ),
        USAGE,
    ),
    **dict.fromkeys(
        (
            *("peer_unavailable", "peer_no_address", "peer_address", "peer_host", "peer_down"),
            *("peer_tls", "peer_timeout", "peer_answer", "peer_answer_too_large"),
        ),
        CANNOT_CHECK,
    ),
}
_VERDICTS = frozenset(
    {
        *("recalled", "recall_notice", "already_dispensed", "sold_again", "never_issued"),
        *("expired", "decommissioned", "not_commissioned"),
    }
)
"""What rules say of the goods: an operation that is refused for it ends as a look-up does."""
ATTEMPTS = {
    "api_key": "set SEALTRAIL_API_KEY, or sealtrail api-key new",
    "code_not_found": "check the code, or --gateway URL of another participant",
    "event_not_found": "check the entry or eventID; sealtrail trace CODE --json lists them",
    "event_erased": "nothing brings it back",
    "api_key_not_found": "sealtrail api-key list",
    "query_not_found": "sealtrail subscription list",
    "subscription_not_found": "sealtrail subscription list",
    "product_not_found": "sealtrail product list",
    "location_not_found": "sealtrail location list",
    "party_not_found": "sealtrail party list",
    "participant_not_found": "sealtrail consortium list",
    "message_not_found": "sealtrail peer messages SLUG",
    "proposal_not_found": "sealtrail consortium proposals",
    "prefix_grant_not_found": "sealtrail code-prefix list",
    "notice_not_found": "sealtrail recall list",
    "shipment_not_found": "sealtrail shipment list --state all",
    "handover_not_found": "sealtrail handover list",
    "not_acknowledged": "sealtrail peer list shows who does not answer; ask again later",
    "exception_not_found": "sealtrail exception list",
    "exception_told": "sealtrail exception message NUMBER",
    "exception_closed": "sealtrail exception message NUMBER --act reopen",
    "exception_not_closed": "sealtrail exception resolve NUMBER",
    "exception_nothing_proposed": "sealtrail exception message NUMBER --act propose --action ...",
    "exception_no_partner": "sealtrail exception export NUMBER --dscsa makes a file for others",
    "receipt_finished": "what is found later: sealtrail exception open",
    "evidence_not_found": "sealtrail evidence list",
    "grant_not_found": "sealtrail grant list",
    "backup_damaged": "another backup, or the right file",
    "label_job_not_found": "sealtrail label list",
    "label_locked": "scan its first label: sealtrail label unlock JOB SCANNED",
    "label_not_printed": "sealtrail label print, put its first label out, then scan that",
    "label_unlocked": "sealtrail label run JOB --first 0 --count 1 --reason ...",
    "label_reprint": "--reason ..., which is logged; destroy the old label",
    "grant_scope": "name goods, steps, places or times, or --all: sealtrail grant add --help",
    "grant_items": "--preset partner, or --item sealtrail:month; sealtrail grant add --help",
    "delegation_not_found": "sealtrail delegation list; if another one owns it, ask there",
    "webhook_not_found": "sealtrail webhook list",
    "request_not_found": "check the participant and the name of the request (--key)",
}
"""What to try at the command line, in place of the hint that is meant for HTTP."""
_CONTROL = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""What a terminal would obey: other gateways' text is shown, never obeyed."""

_ENTRY = re.compile("[0-9a-f]{64}")

P = ParamSpec("P")
R = TypeVar("R")


class CommandError(Exception):
    """Ends a command: what is wrong, what to try, and the exit status.

    `problem` is what a gateway said, as it said it.
    """

    def __init__(
        self,
        message: str,
        *,
        attempt: str,
        status: int = FAILURE,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        self.attempt, self.status = attempt, status
        self.problem = dict(problem or {})
        super().__init__(message)


def talk() -> Console:
    """Return the console for people: stderr; honours NO_COLOR."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def whole_entry(text: str) -> str:
    """Return an entry as given.

    Raises:
        CommandError: it is none, such as the short form that a table shows.
    """
    if _ENTRY.fullmatch(text):
        return text
    attempt = "sealtrail trace CODE --json shows entries in full"
    raise CommandError("an entry has 64 lower-case hex digits", attempt=attempt, status=USAGE)


def confirmed(question: str) -> bool:
    """Ask a person; without a terminal nobody is asked, and that, like no answer, is a no."""
    if not sys.stdin.isatty():
        return False
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        return False


def say(text: str) -> None:
    """Say something to a person."""
    talk().print(text.translate(_CONTROL), markup=False)


def put_text(text: str) -> None:
    """Write a line of data for a person to stdout."""
    sys.stdout.write(text.translate(_CONTROL) + "\n")


def put(value: Any) -> None:
    """Write data as one JSON line to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def show(text: str) -> None:
    """Write text to stdout; what a terminal would obey is replaced."""
    sys.stdout.write(text.translate(_CONTROL) + "\n")


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Write a table to stdout."""
    shown = Text(title.translate(_CONTROL)) if title else None
    made = Table(title=shown, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell.translate(_CONTROL)) for cell in row))
    Console(highlight=False, soft_wrap=False).print(made)


def fail(message: str, attempt: str, status: int) -> NoReturn:
    """Say what is wrong and what to try; end with a status."""
    say(f"sealtrail: {message}")
    say(f"Try: {attempt}")
    raise typer.Exit(status)


def exit_status(code: str, rules: Iterable[str] = ()) -> int:
    """Return the exit status for a problem code, and for the rules that refused an operation."""
    if code == "operation_refused" and not _VERDICTS.isdisjoint(rules):
        return SUSPICIOUS
    absent = NOT_FOUND if code.endswith("_not_found") else FAILURE
    return _EXIT_BY_CODE.get(code, absent)


@contextmanager
def explained() -> Iterator[None]:
    """Turn every error raised on purpose into a sentence, a `Try:` line and a status."""
    from anchoring.chain.refusals import explain
    from anchoring.errors import (
        AnchoringError,
        ChainError,
        ContractRefusedError,
        FormatError,
        KeyBusyError,
        KeystoreError,
        SubmissionUnknownError,
    )
    from node_gateway.epcis.errors import EpcisError
    from node_gateway.errors import GatewayError, SettingsError
    from node_gateway.storage.errors import StorageError

    try:
        yield
    except CommandError as error:
        fail(str(error), error.attempt, error.status)
    except SettingsError as error:
        fail(str(error), error.hint or "sealtrail doctor", USAGE)
    except KeystoreError as error:
        fail(str(error), keystore_attempt(error.code), FAILURE)
    except (GatewayError, EpcisError) as error:
        attempt = ATTEMPTS.get(error.code) or error.hint or "sealtrail --help"
        fail(str(error), attempt, exit_status(error.code))
    except StorageError as error:
        fail(str(error), _storage_attempt(error.code), FAILURE)
    except FormatError as error:
        fail(str(error), _FILE_ATTEMPTS.get(error.code, "correct the input"), USAGE)
    except ContractRefusedError as error:
        said = explain(error)
        fail(said.sentence, said.step, exit_status(said.code))
    except (KeyBusyError, SubmissionUnknownError) as error:
        fail(str(error), "the same command again, in a moment", FAILURE)
    except AnchoringError as error:
        status = CANNOT_CHECK if isinstance(error, ChainError) else FAILURE
        attempt = getattr(error, "hint", None) or "sealtrail doctor"
        fail(str(error), attempt, _EXIT_BY_CODE.get(error.code, status))
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        fail(f"{name}{error.strerror or type(error).__name__}", "check the name and its rights", 1)
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001  a traceback may quote secrets and events
        fail(*_unforeseen(error), FAILURE)


def _as_data(error: Exception) -> dict[str, Any]:
    """Return an error for programs; of one that nobody foresaw only that it happened."""
    if isinstance(error, CommandError):
        said = error.problem or {"code": "command", "detail": str(error)}
        return {"error": {**said, "try": error.attempt}}
    from anchoring.chain.refusals import explain
    from anchoring.errors import ContractRefusedError

    if isinstance(error, ContractRefusedError):
        words = explain(error)
        return {"error": {"code": words.code, "detail": words.sentence, "try": words.step}}
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        told = {"code": "internal", "detail": type(error).__name__}
        return {"error": {**told, "try": "sealtrail doctor"}}
    return {"error": {"code": code, "detail": str(error), "try": _attempt(error, code)}}


def _attempt(error: Exception, code: str) -> str:
    """Return the same next step that people read on stderr (`explained`)."""
    from anchoring.errors import FormatError, KeyBusyError, KeystoreError, SubmissionUnknownError
    from node_gateway.epcis.errors import EpcisError
    from node_gateway.errors import GatewayError, SettingsError
    from node_gateway.storage.errors import StorageError

    if isinstance(error, (GatewayError, EpcisError)) and not isinstance(error, SettingsError):
        return ATTEMPTS.get(code) or error.hint or "sealtrail --help"
    if isinstance(error, KeystoreError):
        return keystore_attempt(code)
    if isinstance(error, StorageError):
        return _storage_attempt(code)
    if isinstance(error, FormatError):
        return _FILE_ATTEMPTS.get(code, "correct the input")
    if isinstance(error, (KeyBusyError, SubmissionUnknownError)):
        return "the same command again, in a moment"
    return getattr(error, "hint", None) or "sealtrail doctor"


_FILE_ATTEMPTS = {
    "network_file": "sealtrail chain deploy writes one; chain.network_file names it",
    "network_json": "compare the network file with the one that was agreed on",
    "network_shape": "compare the network file with the one that was agreed on",
    "invite_form": "ask for the invite again; sealtrail consortium invite writes one",
}


def _unforeseen(error: Exception) -> tuple[str, str]:
    """Return what may be said of an error that nobody foresaw, and what to try."""
    kind = type(error)
    if kind.__module__.partition(".")[0] in ("sqlalchemy", "psycopg", "sqlite3"):
        return "the database cannot be used as it is", "check gateway.database; sealtrail doctor"
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return f"{kind.__name__} in {where}, which is a fault of this program", "sealtrail doctor"


def keystore_attempt(code: str) -> str:
    """Return what to try when a key cannot be used: its file, or its remote signer."""
    return {
        "keystore_passphrase": "check SEALTRAIL_PASSPHRASE or keys.passphrase_file",
        "signer_unavailable": "check that the remote signer runs and takes our credentials",
        "signer_mismatch": "check the remote signer's key and chain id before anything else",
    }.get(code, "check the key file's name and rights")


def _storage_attempt(code: str) -> str:
    return {
        "database_revision": "sealtrail db upgrade",
        "database_in_use": "stop the gateway, or use the command that talks to it",
        "database_full": "free disk space, then start again",
        "database_url": "sqlite:///file or postgresql://...",
    }.get(code, "sealtrail doctor")


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command so that its errors are explained."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with explained():
            try:
                return function(*args, **kwargs)
            except Exception as error:
                if kwargs.get("json") is True and not isinstance(error, (typer.Exit, typer.Abort)):
                    put(_as_data(error))  # for programs; people read the rest on stderr
                raise

    return run
