"""The language of a page: its words from a catalogue (gettext's .po), and how its numbers and dates are written.

The words in code and templates are English, and the keys of every catalogue; `%` is written `%%`, for blanks look as
`%(name)s`. A page is written in one language, which `speaking` sets for all that runs inside it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "languages"
ENGLISH = "en"
PSEUDO = "en-XA"
"""English in long accented words, by which untranslated words and narrow places are found."""
_ACCENTED = str.maketrans("aceinosuyACEINOSUY", "àçéïñöšüýÀÇÉÏÑÖŠÜÝ")
_LONGER, _WORD = 0.4, 16
_DAYS = {"de": (("d", "d."),), "es": (("MMMM", "'de' MMMM"), ("MMMM y", "MMMM 'de' y"))}
"""How a language writes days otherwise than English: pieces of a pattern of CLDR, one after the other."""
_ABBREVIATED = re.compile(r"(?<=[^\W\d])\.")
"""The dot after a short month or day, which would meet the one of a sentence."""
_speaking: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Write what follows in a language, one of `languages` or PSEUDO; raises LookupError for another."""
    if language not in (*languages(), PSEUDO):
        raise LookupError(f"there is no language {language!r}; there are {', '.join(languages())}")
    token = _speaking.set(language)
    try:
        yield
    finally:
        _speaking.reset(token)


def speak(language: str) -> None:
    """Write what follows inside of `speaking` in another language; one that there is not changes nothing."""
    if language in (*languages(), PSEUDO):
        _speaking.set(language)


def spoken() -> str:
    """The language that is written now."""
    return _speaking.get()


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are, English first."""
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


def own_name(language: str) -> str:
    """What a language is called by those who speak it."""
    return str(Locale.parse(language).get_display_name()).capitalize()


def preferred(accepted: str) -> str:
    """The language that an Accept-Language header wishes most, of those that there are; else English."""
    wishes = []
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), name.strip().casefold()))
        except ValueError:
            continue
    for _, name in sorted(wishes, key=lambda wish: wish[0]):
        if name == PSEUDO.casefold():
            return PSEUDO
        if (main := name.partition("-")[0]) in languages():
            return main
    return ENGLISH


def gettext(message: str, /, **values: Any) -> str:
    """A sentence in the language of the page, its blanks filled."""
    return plain_gettext(message) % values


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """The sentence for one or for several; %(num)s is the number as the language writes it."""
    return plain_ngettext(one, many, number) % {"num": decimal(f"{number:,}"), **values}


_ = gettext


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence that is put into the language where it is shown."""
    return message


def plain_gettext(message: str) -> str:
    """A sentence in the language of the page, with its blanks."""
    return _translations(spoken()).gettext(message)


def plain_ngettext(one: str, many: str, number: int) -> str:
    """The same for one or for several."""
    return _translations(spoken()).ngettext(one, many, number)


def decimal(number: str) -> str:
    """A number as Python writes it, 1,234.5, with the signs of the language."""
    symbols = _locale(spoken()).number_symbols["latn"]
    return number.translate(str.maketrans({",": symbols["group"], ".": symbols["decimal"]}))


def dated(moment: date | datetime, pattern: str) -> str:
    """A date in a pattern of CLDR, such as `EEE d MMM`, in the language."""
    for said, instead in _DAYS.get(spoken(), ()):
        pattern = re.sub(rf"\b{said}\b", instead, pattern)
    said = str(format_date(moment, pattern, locale=_locale(spoken())))
    return _ABBREVIATED.sub("", said)


class _Pseudo(NullTranslations):
    def gettext(self, message: str) -> str:
        return _pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _pseudo(msgid1 if n == 1 else msgid2)


@cache
def _locale(language: str) -> Locale:
    return Locale.parse("en_GB" if language in (ENGLISH, PSEUDO) else language)


@cache
def _translations(language: str) -> NullTranslations:
    if language == PSEUDO:
        return _Pseudo()
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _pseudo(message: str) -> str:
    """A sentence in accented letters and two fifths longer, its blanks as they are."""
    pieces, rest = [], message
    while "%(" in rest:
        before, _, after = rest.partition("%(")
        blank, _, rest = after.partition(")s")
        pieces += [before.translate(_ACCENTED), f"%({blank})s"]
    pieces.append(rest.translate(_ACCENTED))
    return " ".join(["".join(pieces), *wrap("~" * round(_LONGER * len(message)), _WORD)])
