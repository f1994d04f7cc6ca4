"""Passwords: which are good enough (NIST SP 800-63B: length and a list of what is guessed first), and their hashes."""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

LEAST, LEAST_WITH_SECOND_FACTOR, MOST = 15, 8, 200
"""Characters of a password."""
_LEAST_OF_ITS_OWN = 4
"""Characters of a password that are no part of what is guessed first."""
# One check takes 64 MiB and both cores' time: a crowd of guesses waits its turn instead of taking the server down.
_AT_ONCE = BoundedSemaphore(2)
_HASHER = PasswordHasher()
_GUESSED_FIRST = """
    abracadabra access account admin administrator angel autumn baby bailey balance baseball basketball batman beautiful
    blessed bonjour buster butterfly cheese chocolate clinic clinica computer cookie corona daniel default demo diamond
    doctor dragon einstein family flower football forever freedom friend friends ginger google guest hallo hannah
    headset health heart heaven hello hockey hospital hunter iloveyou internet jennifer jessica jesus jordan killer
    klinik kuss lakers letmein liebe login love lovely loveme maggie magic manager mark master matrix merlin michael
    michelle monkey monster mother muster mustang nothing ninja nurse office online orange pass passphrase passwd
    password passwort patient pepper phoenix physio physiotherapist physiotherapy pokemon praxis prince princess private
    qazwsx rainbow ranger reach rehab robert root samsung sandra schatz school secret secure security server service
    shadow silver smile snoopy soccer spring starwars steady steadyreach summer sunshine superman support system target
    teacher temp temporary test therapeut therapie therapist therapy thomas thunder tigger trustno unknown user virtual
    welcome whatever willkommen winter wizard yellow
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday
    januar februar april mai juni juli august oktober dezember sommer herbst
"""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm")
_ROWS_BOTH_WAYS = (*_ROWS, *(row[::-1] for row in _ROWS))
_SHORTEST_RUN = 3
_LOOKS_LIKE = str.maketrans("@4301!$57", "aaeoiisst")


class WeakPassword(ValueError):
    """A password is too short, too long, or guessed too soon; the message says which, and what to do."""


def check(password: str, second_factor: bool, about: Iterable[str]) -> None:
    """Raise WeakPassword for one that must not be chosen. `about` are words that others know of whose it is."""
    length, least = len(_same(password)), LEAST_WITH_SECOND_FACTOR if second_factor else LEAST
    if length < least:
        instead = "" if second_factor else f", or {LEAST_WITH_SECOND_FACTOR} with a second factor"
        raise WeakPassword(
            f"a password of {length} characters is too short: at least {least}{instead}; a sentence is easy to remember"
        )
    if length > MOST:
        raise WeakPassword(f"a password of {length} characters is too long: at most {MOST}")
    words = [*_GUESSED_FIRST.split(), *(part for text in about for part in re.split(r"\W+", _same(text).casefold()))]
    known = sorted({word for word in words if len(word) >= _SHORTEST_RUN}, key=len, reverse=True)
    folded = _same(password).casefold()
    if min(_own(folded, known), _own(folded.translate(_LOOKS_LIKE), known)) < _LEAST_OF_ITS_OWN:
        raise WeakPassword(
            "this password is guessed soon: it is made of what is tried first, such as names, the clinic's words, "
            "numbers, rows of keys and repetitions; a few words that have nothing to do with each other are better"
        )


def hashed(password: str) -> str:
    """A password as it is kept (argon2id)."""
    with _AT_ONCE:
        return _HASHER.hash(_same(password))


def fits(password_hash: str, password: str) -> bool:
    """Whether a password is the one that was hashed; where there is no hash, none fits, and it takes as long."""
    typed = _same(password)
    with _AT_ONCE:
        try:
            right = _HASHER.verify(password_hash or _nobody(), typed[:MOST])
        except Argon2Error:
            return False
    return right and bool(password_hash) and len(typed) <= MOST


@cache
def _nobody() -> str:
    """The hash of a password that nobody has: an unknown login takes as long as a wrong password and tells nothing."""
    return _HASHER.hash(secrets.token_hex(16))


def _same(password: str) -> str:
    """The same letters on every keyboard: what looks alike is the same characters (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _own(password: str, known: list[str]) -> int:
    """How many different characters are left of a password without words, rows of keys, digits and repetitions."""
    repeated = re.fullmatch(r"(.+?)\1*", password, re.DOTALL)
    rest = repeated[1] if repeated else password
    left, place = set[str](), 0
    while place < len(rest):
        length = max(_word_at(rest, place, known), _run_at(rest, place))
        if not length and not rest[place].isdigit():
            left.add(rest[place])
        place += max(1, length)
    return len(left)


def _word_at(text: str, place: int, known: list[str]) -> int:
    return next((len(word) for word in known if text.startswith(word, place)), 0)


def _run_at(text: str, place: int) -> int:
    """The length of a row of keys or letters that begins here, 0 for none."""
    length = 0
    while any(text[place : place + length + 1] in row for row in _ROWS_BOTH_WAYS) and place + length < len(text):
        length += 1
    return length if length >= _SHORTEST_RUN else 0
