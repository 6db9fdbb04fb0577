"""References that people read aloud, and the order-keeping identifiers of submissions.

Both use Crockford's base 32 (crockford.com/base32.html): no I, L, O or U, so a reference survives the
telephone; the check character (modulo 37) catches every single wrong character and every swapped pair.
The one library on PyPI (base32-crockford) has had no release since 2015, and this is twenty lines.
"""

from __future__ import annotations

from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK_DIGITS = _DIGITS + "*~$=U"
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})

RANDOM_BYTES = 5
"""What one reference, and one submission identifier, needs of randomness: 40 bits."""
_REFERENCE_LENGTH = 9
_SUBMISSION_TIME_LENGTH = 9


def _encode(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return digits


def new_reference(random: bytes) -> str:
    """An application's identifier from five random bytes: eight characters and a check character.

    The check characters * ~ $ = are no good in a key or a link, so a number that would end in one is
    stepped to the next that does not.
    """
    number = int.from_bytes(random[:RANDOM_BYTES], "big")
    while _CHECK_DIGITS[number % 37] not in _DIGITS + "U":
        number = (number + 1) % 2**40
    return _encode(number, _REFERENCE_LENGTH - 1) + _CHECK_DIGITS[number % 37]


def spaced(reference: str) -> str:
    """As it is shown to people. Example: 7K3M-9QXR-C"""
    return "-".join((reference[:4], reference[4:8], reference[8:]))


def read_reference(text: str) -> str | None:
    """What a person meant by a typed reference, or None where its check character says they mistyped it."""
    reference = text.upper().translate(_READ_AS)
    body, check = reference[:-1], reference[-1:]
    if len(reference) != _REFERENCE_LENGTH or any(character not in _DIGITS for character in body):
        return None
    number = 0
    for character in body:
        number = number * 32 + _DIGITS.index(character)
    return reference if _CHECK_DIGITS[number % 37] == check else None


def new_submission(now: datetime, random: bytes) -> str:
    """A submission's identifier: text order is time order (milliseconds), ties are told apart by chance."""
    milliseconds = int(now.timestamp() * 1000)
    return _encode(milliseconds, _SUBMISSION_TIME_LENGTH) + _encode(int.from_bytes(random[:RANDOM_BYTES], "big"), 8)
