"""Consents: who may give which, until when they hold, and letters to the clinic."""

from datetime import UTC, date, datetime, timedelta

import pytest
from server_fixtures import Clock
from typer.testing import CliRunner

import steadyreach
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.consents import (
    AGES,
    KINDS,
    MEASURES,
    MOTION,
    RECORDINGS,
    SHARE,
    TELEHEALTH,
    ConsentRefused,
    Given,
    kind_of,
    last_birthday,
)
from server_sync.clinic.keys import Shredded
from server_sync.clinic.letters import LONGEST, MOST_A_DAY, LetterRefused
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.service import Service

BY = "command"
CHILD_BORN, ADULT_BORN = "2014-06-30", "1980-02"  # the clock stands in November 2026


def somebody(service: Service, born: str = ADULT_BORN, pseudonym: str = "p-ada") -> str:
    return service.patients.add(Person(pseudonym=pseudonym, born=born))


def give(service: Service, patient_id: str, kind: str, relation: str = SELF, until: datetime | None = None) -> None:
    service.consents.give(BY, patient_id, kind, Given("Ada Byron", relation, kind_of(kind).version), until)


def withdraw(service: Service, patient_id: str, kind: str) -> None:
    service.consents.withdraw(BY, patient_id, kind, Given("Ada Byron", SELF, kind_of(kind).version))


@pytest.mark.parametrize("kind", [*KINDS, f"{SHARE}a1b2"])
def test_what_was_agreed_to_holds_until_it_is_withdrawn_and_alone(service: Service, kind: str) -> None:
    ada, other = somebody(service), somebody(service, pseudonym="p-other")
    assert not service.consents.holds(ada, kind)
    assert not service.consents.refused(ada, kind)
    give(service, ada, kind)
    assert service.consents.holds(ada, kind)
    assert service.consents.who(kind) == {ada}
    assert not [each for each in [*KINDS, f"{SHARE}b"] if each != kind and service.consents.holds(ada, each)]
    assert not service.consents.holds(other, kind)
    withdraw(service, ada, kind)
    assert not service.consents.holds(ada, kind)
    assert service.consents.refused(ada, kind)
    assert not service.consents.who(kind)
    give(service, ada, kind)
    assert service.consents.holds(ada, kind)
    assert not service.consents.refused(ada, kind)


@pytest.mark.parametrize(("kind", "days"), [(MEASURES, 365), (MOTION, 365), (f"{SHARE}x", 365), (TELEHEALTH, 10_000)])
def test_research_and_sharing_end_after_a_year_when_nobody_says(
    service: Service, clock: Clock, kind: str, days: int
) -> None:
    ada = somebody(service)
    give(service, ada, kind)
    clock.move(days=days - 1)
    assert service.consents.holds(ada, kind)
    clock.move(days=1)
    assert service.consents.holds(ada, kind) is (kind == TELEHEALTH)
    assert not service.consents.refused(ada, kind), "what ended was not refused"


def test_an_end_that_was_said_holds(service: Service, clock: Clock) -> None:
    ada = somebody(service)
    give(service, ada, MEASURES, until=clock.now + timedelta(days=3))
    clock.move(days=2)
    assert service.consents.holds(ada, MEASURES)
    clock.move(days=1)
    assert not service.consents.holds(ada, MEASURES)
    with pytest.raises(ConsentRefused, match="is over already"):
        give(service, ada, MEASURES, until=clock.now)


def test_what_nobody_had_agreed_to_can_be_refused(service: Service) -> None:
    ada = somebody(service)
    with pytest.raises(ConsentRefused, match="was never given"):
        withdraw(service, ada, RECORDINGS)
    assert not service.consents.refused(ada, RECORDINGS)
    service.consents.refuse(BY, ada, RECORDINGS, Given("Ada Byron", SELF, ""))
    assert service.consents.refused(ada, RECORDINGS)
    assert not service.consents.holds(ada, RECORDINGS)


@pytest.mark.parametrize("kind", KINDS)
def test_for_a_child_somebody_else_agrees(service: Service, kind: str) -> None:
    child = somebody(service, CHILD_BORN)
    with pytest.raises(ConsentRefused, match="under 16 years a parent or guardian consents"):
        give(service, child, kind)
    give(service, child, kind, "mother")
    assert service.consents.holds(child, kind)


def test_a_child_who_came_of_age_is_asked_again_for_research_and_for_nothing_else(
    service: Service, clock: Clock
) -> None:
    child = somebody(service, "2010-11-25")
    for kind in (MEASURES, TELEHEALTH):
        give(service, child, kind, "mother")
    clock.move(days=4)
    assert service.consents.holds(child, MEASURES)
    clock.move(days=1)
    assert not service.consents.holds(child, MEASURES)
    assert service.consents.holds(child, TELEHEALTH)
    give(service, child, MEASURES)
    assert service.consents.holds(child, MEASURES)


def test_nobody_agrees_to_research_for_an_adult_but_to_treatment_may_who_speaks_for_them(service: Service) -> None:
    ada = somebody(service)
    with pytest.raises(ConsentRefused, match="nobody consents for somebody who is of age"):
        give(service, ada, MOTION, "daughter")
    give(service, ada, RECORDINGS, "legal guardian")
    assert service.consents.holds(ada, RECORDINGS)


def test_whose_birth_is_not_known_cannot_agree_to_research(service: Service) -> None:
    ada = somebody(service, "")
    with pytest.raises(ConsentRefused, match="not known when they were born"):
        give(service, ada, MEASURES)
    give(service, ada, TELEHEALTH)


@pytest.mark.parametrize(
    ("born", "last"),
    [
        ("2010", date(2010, 12, 31)), ("2010-02", date(2010, 2, 28)), ("2012-02", date(2012, 2, 29)),
        ("2010-12", date(2010, 12, 31)), ("2010-06-30", date(2010, 6, 30)), ("", None), ("soon", None),
        ("2010-13", None), ("2010-02-30", None), ("2010-1-2-3", None),
    ],
)  # fmt: skip
def test_of_who_was_born_in_a_year_or_a_month_it_is_the_last_day_that_counts(born: str, last: date | None) -> None:
    assert last_birthday(Person(pseudonym="p", born=born)) == last


@pytest.mark.parametrize(
    ("now", "child"), [(datetime(2028, 2, 29, 9, tzinfo=UTC), True), (datetime(2028, 3, 1, 9, tzinfo=UTC), False)]
)
def test_somebody_of_29_february_comes_of_age_on_1_march(
    service: Service, clock: Clock, now: datetime, child: bool
) -> None:
    service.consents.set_age(BY, 16)
    clock.now = now
    assert (
        service.consents.is_child(Person(pseudonym="p", born="2012-02-29" if now.day == 1 else "2012-03-01")) is child
    )
    clock.now = datetime(2025, 2, 28, 9, tzinfo=UTC)
    service.consents.set_age(BY, 13)
    assert service.consents.is_child(Person(pseudonym="p", born="2012-02-29"))
    clock.now = datetime(2025, 3, 1, 9, tzinfo=UTC)
    assert not service.consents.is_child(Person(pseudonym="p", born="2012-02-29"))


def test_the_age_is_the_clinic_s_to_set(service: Service) -> None:
    child = somebody(service, CHILD_BORN)  # 12 years
    for years in AGES:
        service.consents.set_age(BY, years)
        assert service.consents.age() == years
    with pytest.raises(ConsentRefused, match="under 21 years"):
        give(service, child, TELEHEALTH)
    for years in (12, 22):
        with pytest.raises(ConsentRefused, match="must be 13 to 21"):
            service.consents.set_age(BY, years)


def test_words_of_another_version_are_not_agreed_to(service: Service) -> None:
    ada = somebody(service)
    with pytest.raises(ConsentRefused, match="'research motion 1' are the words now"):
        service.consents.give(BY, ada, MOTION, Given("Ada", SELF, "research motion 0"))


@pytest.mark.parametrize("kind", ["", "everything", "share with ", "share with " + "x" * 300, "research motion "])
def test_a_kind_that_there_is_not_is_refused(service: Service, kind: str) -> None:
    with pytest.raises(ConsentRefused, match="there is no consent"):
        service.consents.withdraw(BY, somebody(service), kind, Given("Ada", SELF, ""))


@pytest.mark.parametrize(("by", "relation"), [("", SELF), ("x" * 201, SELF), ("Ada", ""), ("Ada", "x" * 201)])
def test_who_agreed_is_named(service: Service, by: str, relation: str) -> None:
    with pytest.raises(ConsentRefused, match="1 to 200 characters"):
        service.consents.give(BY, somebody(service), TELEHEALTH, Given(by, relation, KINDS[TELEHEALTH].version))


def test_no_words_call_motion_anonymous_and_every_version_is_another() -> None:
    words = [kind.words for kind in KINDS.values()]
    assert not [each for each in words if "anonymous" in each.replace("cannot be made anonymous", "")]
    assert len({kind.version for kind in KINDS.values()}) == len(KINDS)


def test_who_was_erased_is_in_no_export(service: Service) -> None:
    ada = somebody(service)
    give(service, ada, MEASURES)
    service.keychain.shred(ada)
    assert service.consents.who(MEASURES) == frozenset()
    with pytest.raises((Shredded, Unknown)):
        give(service, ada, MOTION)


def test_the_command_gives_lists_and_withdraws(service: Service) -> None:
    somebody(service, CHILD_BORN)

    def say(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(steadyreach.app, ["consent", "p-ada", "--folder", str(service.folder), *words])
        return done.exit_code, done.stdout + done.stderr

    assert say() == (0, "Nothing was asked yet.\n")
    assert say("--kind", MOTION, "--by", "Ada")[0] == 1
    code, told = say("--kind", MOTION, "--by", "Lovis", "--withdraw")
    assert (code, "research motion was never given" in told) == (1, True)
    assert say() == (0, "Nothing was asked yet.\n")
    code, told = say("--kind", MOTION, "--by", "Lovis", "--relation", "father", "--until", "2999-12-31")
    assert code == 0
    assert "research motion: Lovis (father)" in told
    assert "until 2999-12-31" in told
    assert "withdrawn" in say("--kind", MOTION, "--by", "Lovis", "--withdraw")[1]
    assert say("--kind", MOTION, "--refuse", "--withdraw")[0] == 1
    code, told = say("--kind", TELEHEALTH, "--by", "Lovis", "--relation", "father", "--refuse")
    assert (code, "telehealth: Lovis (father)" in told, told.count("withdrawn")) == (0, True, 2)
    assert "there is no consent 'all'" in say("--kind", "all")[1]
    assert "--until soon is no day" in say("--kind", MOTION, "--until", "soon")[1]


@pytest.fixture
def account(service: Service) -> int:
    service.accounts.add("ada", "Ada")
    return service.accounts.named("ada").id


def test_letters_are_kept_sealed_listed_and_read_once(service: Service, account: int, clock: Clock) -> None:
    ada = somebody(service)
    first = service.letters.write(ada, account, "  It hurts.\r\nBut less. 🧑‍🦽 \n")
    clock.move(hours=1)
    service.letters.write(ada, account, "Better today")
    assert first.text == "It hurts.\nBut less. 🧑‍🦽"
    assert [letter.text for letter in service.letters.of(ada)] == ["Better today", first.text]
    assert service.conversations.count_waiting() == 2
    service.conversations.read(ada, [first.id, "0" * 16], account)
    clock.move(hours=1)
    service.conversations.read(ada, [first.id], account)
    read_at = {letter.text: letter.read_at for letter in service.letters.of(ada)}
    assert read_at == {first.text: clock.now - timedelta(hours=1), "Better today": None}


@pytest.mark.parametrize(
    "text", ["", " \n ", "x" * (LONGEST + 1), "a\0b", "a\x1b[31mb", "a\u202eb", "a\ud800b", "a\x7f"]
)
def test_a_letter_that_is_no_plain_text_is_refused(service: Service, account: int, text: str) -> None:
    with pytest.raises(LetterRefused):
        service.letters.write(somebody(service), account, text)
    assert service.conversations.count_waiting() == 0


def test_one_account_cannot_flood_the_clinic_with_letters(service: Service, account: int, clock: Clock) -> None:
    ada = somebody(service)
    for number in range(MOST_A_DAY):
        service.letters.write(ada, account, f"{number}")
    with pytest.raises(LetterRefused, match="20 letters a day"):
        service.letters.write(ada, account, "one more")
    clock.move(days=1)
    service.letters.write(ada, account, "one more")


def test_letters_of_who_was_erased_stand_in_nobody_s_way(service: Service, account: int) -> None:
    ada, other = somebody(service), somebody(service, pseudonym="p-other")
    service.letters.write(ada, account, "It hurts.")
    service.letters.write(other, account, "All well.")
    service.keychain.shred(ada)
    assert [thread.patient_id for thread in service.conversations.threads()] == [other]
