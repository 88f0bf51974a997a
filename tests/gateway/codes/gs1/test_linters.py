"""Component linters: verdict and reason of GS1's reference linters."""

import json
import subprocess
import sys

import pytest

from node_gateway.codes.gs1.dictionary import dictionary
from node_gateway.codes.gs1.linters import LINTERS
from tests.conftest import GS1_DIR, ROOT

# Two rows test a company prefix look-up that the reference mocks; there is none here.
MOCKED_LOOK_UPS = {"1234567"}

COUPON = "0123456123456111101233200831"
OFFER = "001234561234560123456"


@pytest.mark.gs1_corpus(cases=777)
def test_verdicts_and_reasons_are_those_of_the_reference() -> None:
    differing, seen = set(), set()
    path = GS1_DIR / "gs1_syntax" / "linter_vectors.jsonl"
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        fault = LINTERS[row["linter"]](row["input"])
        wanted = None if row["ok"] else row["error"].removeprefix("GS1_LINTER_").lower()
        seen.add(row["linter"])
        if (fault and fault.reason) != wanted:
            differing.add(row["input"])
    assert len(seen) >= 35
    assert differing == MOCKED_LOOK_UPS


def test_every_linter_of_the_dictionary_exists() -> None:
    named = {
        name
        for entry in dictionary().entries.values()
        for component in entry.components
        for name in component.linters
    }
    assert named <= set(LINTERS)
    assert len(named) >= 30


@pytest.mark.parametrize(
    ("linter", "good", "bad", "reason", "at"),
    [
        ("csum", "09506000134352", "09506000134353", "incorrect_check_digit", 13),
        ("csumalpha", "1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310cXK", None, 23),
        ("gcppos1", "9506", "95A6", "invalid_gcp_prefix", 2),
        ("gcppos2", "A9506", "095A6", "invalid_gcp_prefix", 3),
        ("yymmdd", "280229", "270229", "illegal_day", 4),
        ("yymmdd", "280228", "280200", "illegal_day", 4),
        ("yymmd0", "280200", "281300", "illegal_month", 2),
        ("yyyymmdd", "20000229", "19000229", "illegal_day", 6),
        ("hhmi", "2359", "2360", "illegal_minute", 2),
        ("hh", "23", "24", "illegal_hour", 0),
        ("ss", "59", "60", "illegal_second", 0),
        ("iban", "GB82WEST12345698765432", "GB82WEST12345698765433", None, 2),
        ("iban", "DE89370400440532013000", "XX89370400440532013000", None, 0),
        ("iso3166", "156", "157", "not_iso3166", 0),
        ("iso3166999", "999", "998", "not_iso3166_or_999", 0),
        ("iso3166alpha2", "CN", "CQ", "not_iso3166_alpha2", 0),
        ("iso4217", "156", "157", "not_iso4217", 0),
        ("iso5218", "9", "3", "invalid_biological_sex_code", 0),
        ("pcenc", "a%20b", "a%2", "invalid_percent_sequence", 1),
        ("zero", "0", "1", "not_zero", 0),
        ("nonzero", "010", "000", "illegal_zero_value", 0),
        ("nozeroprefix", "10", "01", "illegal_zero_prefix", 0),
        ("winding", "9", "2", "invalid_winding_direction", 0),
        ("yesno", "1", "2", "not_zero_or_one", 0),
        ("posinseqslash", "2/10", "11/10", "position_exceeds_end", 0),
        ("posinseqslash", "1/1", "1/01", "illegal_zero_prefix", 2),
        ("latitude", "1800000000", "1800000001", "invalid_latitude", 0),
        ("longitude", "3600000000", "3600000001", "invalid_longitude", 0),
        ("mediatype", "10", "11", "invalid_media_type", 0),
        ("packagetype", "PX", "P9", "invalid_package_type", 0),
        ("hyphen", "-", "+", "not_hyphen", 0),
        ("hasnondigit", "1a", "11", "requires_non_digit_character", 0),
        ("importeridx", "_", "+", "invalid_import_idx_character", 0),
        ("pieceoftotal", "0102", "0302", "piece_number_exceeds_total", 0),
        ("cset39", "A#-/9", "a", "invalid_cset39_character", 0),
        ("cset64", "Ab-_", "Ab+_", "invalid_cset64_character", 2),
        ("couponcode", COUPON, COUPON + "8", "coupon_excess_data", 28),
        ("couponcode", COUPON + "4200831", COUPON + "4200932", "coupon_invalid_start_date", 29),
        ("couponcode", COUPON, COUPON + "4200901", "coupon_expiration_before_start", 21),
        ("couponcode", COUPON + "50123456", COUPON + "50", "coupon_truncated_serial_number", 0),
        ("couponcode", COUPON + "611234567", COUPON + "6", None, 0),
        ("couponcode", COUPON + "90001", COUPON + "93001", "coupon_invalid_save_value_code", 29),
        ("couponposoffer", OFFER, OFFER + "7", "coupon_excess_data", 21),
        ("couponposoffer", OFFER, "2" + OFFER[1:], "coupon_invalid_format_code", 0),
    ],
)
def test_a_linter_and_its_negative_twin(
    linter: str, good: str, bad: str, reason: str | None, at: int | None
) -> None:
    check = LINTERS[linter]
    assert check(good) is None
    fault = check(bad)
    assert fault is not None
    assert reason is None or fault.reason == reason
    assert at is None or fault.at == at


@pytest.mark.gs1_corpus(cases=1)
def test_the_dictionary_is_made_from_that_of_the_corpus() -> None:
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "make_gs1_dictionary.py"),
            *(GS1_DIR / "schema" / "gs1-syntax-dictionary.txt", "--check"),
            *("--release", dictionary().release),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
