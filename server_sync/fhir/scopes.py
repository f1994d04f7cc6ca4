"""What another system may do here: scopes as SMART writes them (`system/Observation.rs`), kept as pairs.

Scopes of version 1 (`system/Observation.read`) say the same. `*` for all types never means the audit: that is named.
"""

import re
from collections.abc import Mapping

from server_sync.fhir.search import SEARCHES

CREATE, READ, SEARCH = "c", "r", "s"
Scopes = frozenset[tuple[str, str]]
"""Types of resources, each with a letter of what may be done: `("Observation", "r")`."""
APART = "AuditEvent"
OFFERED: Scopes = frozenset(
    {(kind, letter) for kind in SEARCHES for letter in (READ, SEARCH)} | {("ServiceRequest", "c")}
)
"""All that can be done here."""
_SCOPE = re.compile(r"system/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)")
_LETTERS: Mapping[str, str] = {"*": "cruds", "read": "rs", "write": "cud"}


class UnknownScope(ValueError):
    """A scope that means nothing here; the message says what there is."""


def parse(text: str) -> Scopes:
    """What a system is to be let do; raises UnknownScope for a word of which nothing can be done here."""
    for word in text.split():
        if not asked(word):
            kinds = ", ".join(sorted(SEARCHES))
            raise UnknownScope(
                f"scope {word[:60]!r} must be system/TYPE.rs, or system/ServiceRequest.crs; the types are {kinds}"
            )
    if not text.split():
        raise UnknownScope("a system that may do nothing needs no place here: give --scopes")
    return asked(text)


def asked(text: str) -> Scopes:
    """What there is here of scopes that somebody asks for."""
    found = [_SCOPE.fullmatch(word) for word in text.split()]
    pairs = {
        (kind, letter)
        for match in found
        if match
        for kind in (dict(OFFERED).keys() - {APART} if match[1] == "*" else [match[1]])
        for letter in _LETTERS.get(match[2], match[2])
    }
    return frozenset(pairs) & OFFERED


def written(scopes: Scopes) -> str:
    """The same as text, always in one order."""
    letters: dict[str, str] = {}
    for kind, letter in sorted(scopes):
        letters[kind] = letters.get(kind, "") + letter
    return " ".join(f"system/{kind}.{done}" for kind, done in letters.items())
