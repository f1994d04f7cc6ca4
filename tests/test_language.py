"""Pages are written in the language that a browser wishes, and what is not written through a catalogue is found."""

from datetime import UTC, datetime

import pytest

from server_sync.page import words
from server_sync.page.language import ENGLISH, PSEUDO, gettext, ngettext, preferred, speaking, spoken


def test_a_browser_gets_the_language_it_wishes_most_of_those_that_there_are() -> None:
    assert preferred("") == ENGLISH
    assert preferred("xx, en;q=0.5") == ENGLISH
    assert preferred("xx;q=1, en-XA;q=0.9, en;q=0.8") == PSEUDO
    assert preferred("en;q=broken, ;q=, en-GB") == ENGLISH


def test_a_language_is_spoken_only_inside() -> None:
    with speaking(PSEUDO):
        assert spoken() == PSEUDO
    assert spoken() == ENGLISH
    with pytest.raises(LookupError, match="there is no language 'tlh'"), speaking("tlh"):
        pass


def test_blanks_are_filled_in_every_language() -> None:
    assert gettext("aims at %(share)s %%", share=85) == "aims at 85 %"
    assert [ngettext("%(num)s day", "%(num)s days", number) for number in (1, 1234)] == ["1 day", "1,234 days"]
    with speaking(PSEUDO):
        assert gettext("aims at %(share)s %%", share=85).startswith("àïmš àt 85 %")
        assert ngettext("%(num)s day", "%(num)s days", 2).startswith("2 dàýš")
        assert words.date("2026-11-09") == "9 Nov 2026"


def test_days_are_written_as_ever() -> None:
    assert words.day(datetime(2026, 11, 20, tzinfo=UTC)) == "Friday 20 November 2026"
