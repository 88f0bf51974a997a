"""FF1: the published vectors, and that it is a permutation with its inverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.codes.permutation import DOMAIN_SIZE_MIN, Permutation

KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
# NIST, "FF1samples": bytes of the key, radix, tweak, plaintext, ciphertext.
SAMPLES = [
    (16, 10, "", "0123456789", "2433477484"),
    (16, 10, "39383736353433323130", "0123456789", "6124200773"),
    (16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (24, 10, "", "0123456789", "2830668132"),
    (24, 10, "39383736353433323130", "0123456789", "2496655549"),
    (24, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (32, 10, "", "0123456789", "6657667009"),
    (32, 10, "39383736353433323130", "0123456789", "1001623463"),
    (32, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


@pytest.mark.parametrize(("size", "radix", "tweak", "plain", "sealed"), SAMPLES)
def test_the_published_vectors(size: int, radix: int, tweak: str, plain: str, sealed: str) -> None:
    made = Permutation(
        bytes.fromhex(KEY)[:size], tweak=bytes.fromhex(tweak), radix=radix, length=len(plain)
    )
    assert made.forward([int(plain, radix)]) == [int(sealed, radix)]
    assert made.backward([int(sealed, radix)]) == [int(plain, radix)]


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=40),
    st.sampled_from([(10, 6), (10, 9), (10, 19), (32, 4), (32, 8), (36, 12), (62, 20), (2, 21)]),
    st.data(),
)
def test_it_leads_there_and_back(
    key: bytes, tweak: bytes, shape: tuple[int, int], data: st.DataObject
) -> None:
    radix, length = shape
    made = Permutation(key, tweak=tweak, radix=radix, length=length)
    numbers = data.draw(st.lists(st.integers(0, radix**length - 1), max_size=20, unique=True))
    places = made.forward(numbers)
    assert all(0 <= one < made.size for one in places)
    assert len(set(places)) == len(places)
    assert made.backward(places) == numbers
    assert made.forward(made.backward(numbers)) == numbers
    assert [made.forward([one])[0] for one in numbers] == places  # alone as among others


def test_every_number_of_a_whole_domain_comes_once() -> None:
    made = Permutation(bytes(32), tweak=b"whole", radix=10, length=6)
    assert made.size == DOMAIN_SIZE_MIN
    assert sorted(made.forward(range(made.size))) == list(range(made.size))


def test_another_key_or_tweak_is_another_permutation() -> None:
    numbers = list(range(1000))
    first = Permutation(bytes(32), tweak=b"a", radix=10, length=9).forward(numbers)
    assert first != Permutation(bytes(32), tweak=b"b", radix=10, length=9).forward(numbers)
    assert first != Permutation(b"\1" * 32, tweak=b"a", radix=10, length=9).forward(numbers)


@pytest.mark.parametrize(("radix", "length"), [(10, 5), (62, 3), (10, 1), (62, 24), (10, 40)])
def test_a_domain_that_is_unsafe_or_too_large_is_refused(radix: int, length: int) -> None:
    with pytest.raises(ValueError, match="no permutation"):
        Permutation(bytes(32), tweak=b"", radix=radix, length=length)
