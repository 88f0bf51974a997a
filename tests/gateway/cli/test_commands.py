"""Every command against a gateway that runs: what it prints, and how it ends."""

import json
import stat
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Served, wait_until
from tests.gateway.epcis.xml.documents import document as xml_document
from tests.gateway.epcis.xml.documents import event as xml_event
from tests.gateway.running import commissioning, document, serial, sgtin, shipping


def file_of(folder: Path, *events: dict, name: str = "events.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document(*events)), encoding="utf-8")
    return str(path)


def captured(served: Served, folder: Path, *events: dict) -> dict:
    said = served("capture", file_of(folder, *events), "--json")
    assert said.status == 0, said.err
    return said.json()


def sealed(served: Served, folder: Path, event: dict) -> str:
    """Capture one event, anchor it, return its entry when it is final."""
    entry = captured(served, folder, event)["events"][0]["entry"]
    assert served("anchor", "now").status == 0
    wait_until(lambda: served("event", "show", entry, "--json").json()["state"] == "final")
    return str(entry)


def test_capture(served: Served, tmp_path: Path) -> None:
    file = file_of(tmp_path, commissioning(sgtin()), shipping(sgtin()))
    said = served("capture", file)
    assert (said.status, said.out.splitlines()[0]) == (0, "2 stored")
    again = served("capture", file)
    assert (again.status, again.out.splitlines()[0]) == (0, "2 duplicate")


def test_capture_from_stdin_and_with_json(served: Served, tmp_path: Path) -> None:
    report = captured(served, tmp_path, commissioning(sgtin()))
    assert report["success"] is True
    assert len(report["events"][0]["entry"]) == 64


def test_capture_with_proceed_ends_with_1_if_anything_was_refused(
    served: Served, tmp_path: Path
) -> None:
    bad = {**commissioning(sgtin()), "action": "PERHAPS"}
    said = served("capture", file_of(tmp_path, commissioning(sgtin()), bad), "--proceed")
    assert said.status == 1
    assert "1 stored" in said.out
    assert "event 1  action_unknown" in said.err


def test_capture_says_where_the_mistake_is(served: Served, tmp_path: Path) -> None:
    bad = {**commissioning("https://id.gs1.org/01/06901234123457/21/1")}
    said = served("capture", file_of(tmp_path, bad))
    assert said.status == 1
    assert said.out == ""
    assert "/epcisBody/eventList/0/epcList/0  check_digit" in said.err
    assert said.tries() == "https://id.gs1.org/01/06901234123456/21/1"


def test_a_mistake_is_told_to_programs_too(served: Served, tmp_path: Path) -> None:
    bad = commissioning("https://id.gs1.org/01/06901234123457/21/1")
    said = served("capture", file_of(tmp_path, bad), "--json")
    assert said.status == 1
    error = said.json()["error"]
    assert error["code"] == "check_digit"
    assert error["errors"][0]["pointer"] == "/epcisBody/eventList/0/epcList/0"
    assert error["try"] == said.tries()
    no_file = served("capture", str(tmp_path / "none.json"), "--json")
    assert (no_file.status, no_file.json()["error"]["code"]) == (2, "command")


def test_capture_takes_xml(served: Served, tmp_path: Path) -> None:
    code = f"urn:epc:id:sgtin:690123.4123456.{serial()}"
    file = tmp_path / "despatch.xml"
    for raw in (xml_document(xml_event(epc=code)), b"\xef\xbb\xbf  " + b"{}"):
        file.write_bytes(raw)
        said = served("capture", str(file))
        assert said.status == (1 if raw.endswith(b"{}") else 0)
    text = xml_document(xml_event(epc=code)).decode().replace('"1.0"?', '"1.0" encoding="utf-16"?')
    file.write_bytes(text.encode("utf-16"))
    said = served("capture", str(file))
    assert (said.status, said.out.splitlines()[0]) == (0, "1 duplicate")


def test_capture_of_xml_says_where_the_mistake_is(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "despatch.xml"
    file.write_bytes(xml_document(xml_event(), xml_event(action="OBSERV")))
    said = served("capture", str(file))
    assert (said.status, said.out) == (1, "")
    place = "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[2]/action"
    assert f"line 14, {place}  action_unknown" in said.err
    assert said.tries().startswith('Did you mean "OBSERVE"?')


def test_trace(served: Served, tmp_path: Path) -> None:
    number = serial()
    captured(served, tmp_path, commissioning(sgtin(number)), shipping(sgtin(number)))
    for spelling in (sgtin(number), f"urn:epc:id:sgtin:6901234.012345.{number}"):
        answer = served("trace", spelling, "--json").json()
        assert [one["bizStep"] for one in answer["events"]] == ["commissioning", "shipping"]
    said = served("trace", sgtin(number))
    assert said.status == 0
    assert "being sealed" in said.out
    unknown = served("trace", sgtin())
    assert (unknown.status, unknown.out) == (11, "")
    assert unknown.tries()
    assert served("trace", "urn:epc:id:sgtin:1").tries()


def test_event_show(served: Served, tmp_path: Path) -> None:
    event_id = f"urn:uuid:0190a6f0-0000-7000-b000-{serial():012d}"
    entry = sealed(served, tmp_path, shipping(sgtin(), eventID=event_id))
    shown = served("event", "show", entry, "--json").json()
    assert (shown["state"], shown["erased"]) == ("final", False)
    printed = served("event", "show", entry).out
    assert set(shown["eventHash"]) == {"CBV2.0", "CBV2.1"}
    assert all(f"eventHash {version}" in printed for version in shown["eventHash"])
    assert served("event", "show", event_id, "--json").json()["eventID"] == event_id
    assert event_id in served("event", "show", event_id).out
    for unknown in ("0" * 64, "urn:uuid:nothing"):
        said = served("event", "show", unknown)
        assert (said.status, bool(said.tries())) == (11, True)


def test_event_erase(served: Served, tmp_path: Path) -> None:
    entry = captured(served, tmp_path, shipping(sgtin()))["events"][0]["entry"]
    asked = served("event", "erase", entry)
    assert asked.status != 0  # nobody said yes
    assert served("event", "show", entry, "--json").json()["erased"] is False
    said = served("event", "erase", entry, "--yes")
    assert (said.status, said.json()["erased"]) == (0, True)
    assert served("event", "show", entry, "--json").json()["erased"] is True
    assert served("event", "erase", "0" * 64, "--yes").status == 11


def test_anchors(served: Served, tmp_path: Path) -> None:
    sealed(served, tmp_path, shipping(sgtin()))
    listed = served("anchor", "list", "--json").json()
    assert [one["sequence"] for one in listed["anchors"]][:1] == [1]
    assert "sequence" in served("anchor", "list").out
    shown = served("anchor", "show", "1", "--json").json()
    assert (shown["sequence"], shown["size"]) == (1, 16)
    assert shown["root"] in served("anchor", "show", "1").out
    missing = served("anchor", "show", "999999")
    assert (missing.status, missing.tries()) == (11, "sealtrail anchor list")
    slow = served("anchor", "now", "--dispensing").json()
    assert slow["stream"] == listed["stream"] + 1


def test_proof_and_verify(served: Served, tmp_path: Path) -> None:
    code, bundle = sgtin(), tmp_path / "one.json"
    entry = sealed(served, tmp_path, commissioning(code))
    assert served("proof", "get", entry, "-o", str(bundle)).status == 0
    good = served("verify", str(bundle), "--quorum", "1", "--json")
    assert (good.status, good.json()["outcome"]) == (0, "verified")
    assert served("verify", str(bundle)).status == 13  # two organisations by default
    every = tmp_path / "every.json"
    assert served("proof", "get", code, "--output", str(every), "--audience", "public").status == 0
    assert json.loads(every.read_bytes())["format"] == "sealtrail/proofs/v1"
    assert served("verify", code, "--quorum", "1").status == 0
    assert json.loads(served("proof", "get", entry).out)["format"] == "sealtrail/proof/v1"
    forged = json.loads(bundle.read_bytes())
    forged["codes"]["root"] = "0" * 64
    bundle.write_text(json.dumps(forged))
    bad = served("verify", str(bundle), "--quorum", "1")
    assert (bad.status, bool(bad.tries())) == (10, True)


def test_verify_says_what_it_does_not_know(served: Served, tmp_path: Path) -> None:
    unknown = served("verify", sgtin(), "--quorum", "1")
    assert (unknown.status, bool(unknown.tries())) == (11, True)
    code = sgtin()
    captured(served, tmp_path, commissioning(code))
    pending = served("verify", code, "--quorum", "1")
    assert (pending.status, bool(pending.tries())) == (12, True)
    proof = served("proof", "get", code)
    assert (proof.status, bool(proof.tries())) == (12, True)
    for what, expected in ((sgtin(), (11, "code_not_found")), (code, (12, "not_final"))):
        said = served("verify", what, "--quorum", "1", "--json")
        assert (said.status, said.json()["code"]) == expected
    nobody = served("verify", code, "--gateway", "http://127.0.0.1:9", "--json")
    assert (nobody.status, nobody.json()["outcome"]) == (13, "cannot_check")


def test_verify_of_a_file_that_is_not_there_is_a_usage_error(
    served: Served, tmp_path: Path
) -> None:
    for name in ("none.json", "./none", str(tmp_path)):
        said = served("verify", name)
        assert (said.status, bool(said.tries())) == (2, True)


def test_audit(served: Served, tmp_path: Path) -> None:
    sealed(served, tmp_path, shipping(sgtin()))
    asked = ("audit", "--gateway", served.url, "--participant", "1", "--json")
    network = str(served.folder / "network.json")
    for own in ((), ("--network", network), (f"--network={network}",)):
        said = served(*asked, "--quorum", "1", *own)
        assert (said.status, said.json()["outcome"]) == (0, "verified"), said.err
    alone = served(*asked)  # two organisations by default
    assert (alone.status, alone.json()["code"]) == (13, "quorum_not_met")
    missing = served(*asked, "--network", str(tmp_path / "none.json"))
    assert (missing.status, missing.json()["code"]) == (2, "network_file")
    assert served("audit", "--help").status == 0


def test_status(served: Served) -> None:
    status = served("status", "--json").json()
    assert (status["participant"], status["state"]) == (1, "ready")
    assert "ready" in served("status").out


def test_doctor(served: Served) -> None:
    said = served("doctor", "--json")
    checks = {one["check"]: one for one in said.json()}
    assert {"pages", "settings", "keys", "database", "chain", "contract", "clock", "port"} <= set(
        checks
    )
    assert all(one["ok"] for one in checks.values()), checks
    assert said.status == 0
    assert checks["database"]["detail"] == "in use by a running gateway"
    assert "ok  keys" in served("doctor").out


def test_api_keys_of_a_running_gateway(served: Served) -> None:
    """They go through the gateway, which holds the database."""
    made = served("api-key", "new", "--name", "scanner", "--scope", "capture")
    assert made.status == 0, made.err
    text = made.out.strip()
    assert text.startswith("st_live_")
    listed = served("api-key", "list", "--json").json()
    (mine,) = [one for one in listed if one["name"] == "scanner"]
    assert text not in json.dumps(listed)
    assert "scanner" in served("api-key", "list").out
    assert served("status", SEALTRAIL_API_KEY=text).status == 1  # it may capture only
    assert served("api-key", "revoke", mine["id"]).status == 0
    said = served("status", SEALTRAIL_API_KEY=text)
    assert (said.status, bool(said.tries())) == (1, True)
    assert served("api-key", "revoke", "none").status == 11
    assert served("api-key", "new", "--name", "x", "--scope", "all").status == 2


def test_the_log_holds_no_secret(served: Served, tmp_path: Path) -> None:
    planted = "PLANTED-5d2e"
    captured(served, tmp_path, shipping(f"urn:example:{planted}"))
    served("trace", f"urn:example:{planted}-unknown")
    log = "".join(served.log)
    for file in ("admin.key", "keys/passphrase"):
        secret = (served.folder / file).read_text().strip()
        assert secret
        assert secret not in log
    assert planted not in log


@pytest.mark.parametrize(
    "name", ["admin.key", "keys/passphrase", "keys/anchor.json", "keys/sign.json", "sealtrail.db"]
)
def test_secret_files_are_their_owners_alone(served: Served, name: str) -> None:
    mode = (served.folder / name).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
