"""Clinical tests where a clinic sees them: prescribed, followed with their noise, and beside norms that fit."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT
from pyarrow import parquet
from server_fixtures import a_session
from visits import ABOUT, calibration, patient

from calibration import battery
from calibration.adaptation import Followers
from engine import praise, session
from engine.commands import following, visits
from engine.commands.following import Prepared
from engine.commands.play import said_of
from engine.formats.events import marks
from engine.headset import DESK
from engine.patient import PatientRecord
from engine.plan import ASSESS, Plan, Step
from engine.prescription import Draft, Practice, Prescription, check
from engine.recording import Writer
from engine.records import BlockRecord, Measured, RecordUnreadable, Session, TrialRecord
from engine.simulated import SimulatedHeadset
from server_sync.clinic import trial_table
from server_sync.clinic.gist import followed, gist_of
from server_sync.clinic.gists import Followed
from server_sync.clinic.glance import glance_of
from server_sync.clinic.intake import summary_of
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.series import series_of
from server_sync.page.course_words import shown, title_of, with_interval
from server_sync.page.language import languages, speaking
from server_sync.page.norms import held_against, norm_words
from server_sync.page.report import write_report
from server_sync.page.sheet import sheet
from server_sync.page.translated import translated


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Five stands of somebody, by themselves."""
    steps = (Step("five_stands", battery.load("five_stands")(), ASSESS),)
    plan = Plan("test", steps, Followers(), 1, calibration=calibration())
    headset = SimulatedHeadset(patient(calibration(), lapse=0.0), 1, 45.0)
    with Writer(tmp_path_factory.mktemp("shown") / "frames.vrec", {}) as writer:
        return session.run(plan, headset, writer, ABOUT)


def a_draft(*names: str) -> Draft:
    return Draft(programme=(Practice(games=names),))


def test_a_programme_may_name_tests_beside_games_and_alone() -> None:
    for known in (visits.tasks(), tasks()):
        check(a_draft("fruit_ladder", "five_stands"), known)
        check(a_draft("five_stands"), known)
    with pytest.raises(RecordUnreadable, match=r"no parameter 'golf'"):
        check(msgspec.structs.replace(a_draft("five_stands"), plan={"games": {"five_stands": {"golf": 1}}}), tasks())


def test_what_is_prescribed_for_a_day_holds_its_tests() -> None:
    prescription = Prescription(
        patient="ada", version=1, author="Dr. Moss", written_at="2026-01-05T09:00:00+00:00",
        programme=(Practice(games=("five_stands", "chair_rocket")),),
    )  # fmt: skip
    ready = Prepared(PatientRecord(patient="ada"), prescription)
    assert following.today_of(ready, date(2026, 1, 6)).games == ("five_stands", "chair_rocket")


def on_days(done: Session, seconds: dict[int, float]) -> Iterator[Session]:
    """The same session on several days of January, with another result each."""
    for day, value in seconds.items():
        block = done.blocks[-1]
        found = msgspec.structs.replace(block.measures["five_times_s"], value=value)
        block = msgspec.structs.replace(block, measures={**block.measures, "five_times_s": found})
        yield msgspec.structs.replace(done, started_at=f"2026-01-{day:02}T09:00:00+00:00", blocks=(block,))


def test_a_result_is_followed_and_compared_with_the_noise_that_others_found(done: Session) -> None:
    within = series_of([gist_of(each) for each in on_days(done, {5: 14.0, 12: 13.0, 19: 12.4})])
    (five,) = [each for each in within if each.kind.measure == "five_times_s"]
    assert five.verdict.noise is not None
    assert 2.5 <= five.verdict.noise <= 3.0, "rounded up to the step that is shown"
    assert not five.verdict.larger
    beyond = series_of(
        [gist_of(each) for each in on_days(done, {5: 16.0, 8: 14.5, 12: 13.0, 15: 11.5, 19: 10.0, 22: 8.5})]
    )
    (five,) = [each for each in beyond if each.kind.measure == "five_times_s"]
    assert five.verdict.larger
    assert not five.verdict.worse
    assert five.better == -1


def reaching(side: str, day: int, reach_m: float) -> Session:
    """A visit in which one arm reached over the feet, as they were recorded before a result told which."""
    test = battery.load("functional_reach")
    found = {"functional_reach_m": Measured(reach_m, "m", 0.03, "mean of 3")}
    trials = tuple(TrialRecord(number, side, number, number + 1.0, "reached") for number in range(5))
    block = BlockRecord("functional_reach", test.title, test.version, ASSESS, 0.0, 60.0, trials=trials, measures=found)
    return a_session(
        f"day-{day}", started_at=f"2026-01-{day:02}T09:00:00+00:00", headset="openxr", blocks=(block,), quality=None
    )


def test_a_change_of_the_arm_that_reaches_is_no_change_of_the_person() -> None:
    reaches_m = (0.37, 0.36, 0.38, 0.24, 0.23, 0.25)
    visits = [reaching("right" if at < 3 else "left", at + 1, reach_m) for at, reach_m in enumerate(reaches_m)]
    found = series_of([gist_of(each) for each in visits])
    right, left = (each for each in found if each.kind.measure == "functional_reach_m")
    assert [(each.kind.side, [point.value for point in each.points]) for each in (right, left)] == [
        ("right", [0.37, 0.36, 0.38]), ("left", [0.24, 0.23, 0.25]),
    ]  # fmt: skip
    assert (right.verdict.larger, left.verdict.larger) == (False, False)
    assert (title_of(right), title_of(left)) == ("Functional reach, right", "Functional reach, left")
    assert "men: 20–40 years 42 cm" in norm_words(left)
    assert [[row.get("side") for row in trial_table.rows(each, "60")][-1] for each in visits[2:4]] == ["right", "left"]


def test_results_whose_names_tell_their_side_are_followed_by_that_whichever_arms_were_raised() -> None:
    test = battery.load("shoulder_range")
    found = {"shoulder_flexion_right_deg": Measured(150.0, "deg", 7.0)}
    trials = (TrialRecord(1, "right", 0.0, 9.0, "reached"),)
    block = BlockRecord("shoulder_range", test.title, test.version, ASSESS, 0.0, 60.0, trials=trials, measures=found)
    middles = {middle.name: middle.side for middle in gist_of(a_session(blocks=(block,))).measures}
    assert middles["shoulder_flexion_right_deg"] == ""


def test_a_result_that_got_worse_is_no_reason_for_a_look_today_and_its_day_was_not_missed(done: Session) -> None:
    worse = on_days(done, {5: 8.5, 8: 10.0, 12: 11.5, 15: 13.0, 19: 14.5, 22: 16.0})
    followed_ = [Followed(str(number), gist_of(each)) for number, each in enumerate(worse)]
    glance = glance_of(followed_, None, datetime(2026, 1, 22, 12, tzinfo=UTC))
    assert (glance.dropped, glance.barred, glance.main) == ((), (), None)
    assert all(each.minutes for each in glance.played)


def test_a_time_is_told_in_tenths_of_a_second_whatever_its_noise(done: Session) -> None:
    series = series_of([gist_of(each) for each in on_days(done, {5: 14.03, 12: 13.0, 19: 12.41})])
    (five,) = [each for each in series if each.kind.measure == "five_times_s"]
    assert with_interval(five.points[-1], five) == "12.4 s (12.3–12.6)"
    steady = series_of([gist_of(each) for each in on_days(done, {5: 30.03, 12: 30.03, 19: 30.03})])
    assert [shown(each.points[-1].value, each) for each in steady if each.kind.measure == "five_times_s"] == ["30.0 s"]
    sharp = five.points[-1]._replace(low=12.41, high=12.42)
    assert with_interval(sharp, five) == "12.4 s", "an interval too narrow to be shown says nothing"


def test_a_visit_of_tests_alone_was_done_and_says_of_what(done: Session) -> None:
    gist, line = gist_of(done), summary_of(done)
    assert gist.play_s == pytest.approx(done.blocks[-1].end_s - done.blocks[-1].start_s)
    assert (gist.trials, line.trials) == (0, 0)
    twice = msgspec.structs.replace(done.blocks[-1], title="Timed up and go")
    both = summary_of(msgspec.structs.replace(done, blocks=(*done.blocks, twice)))
    with speaking("de"):
        assert translated(both.titles) == "Fünfmal aufstehen und hinsetzen, Aufstehen und Gehen auf Zeit"


def test_results_are_named_as_nothing_else_is() -> None:
    named = [name for test in map(battery.load, battery.names()) for name in test.results]
    assert len(named) == len(set(named))
    elsewhere = {name for task in tasks().values() for name in task.measures}
    assert not set(named) & elsewhere - {"stands_in_30_s"}
    assert all(name in named for test in map(battery.load, battery.names()) for name in test.better)
    assert set(followed()) >= {"five_times_s", "smoothness_sparc"}


def test_a_norm_stands_beside_its_result_alone_and_else_the_reason_for_none(done: Session) -> None:
    (five,) = [each for each in series_of([gist_of(done)]) if each.kind.measure == "five_times_s"]
    assert norm_words(five) == (
        "Five stands, slower than this is slower than average: 60–69 years 11.4 s, 70–79 years 12.6 s, 80–89 years "
        "14.8 s (Bohannon 2006, Percept Mot Skills 103:215 (meta-analysis)). The studies differ in chair, and in "
        "whether the clock stops standing or seated."
    )
    (half_minute,) = held_against("thirty_second_stands", 1)
    assert "men: 60–64 years 14, 65–69 years 12" in half_minute
    assert held_against("limits_of_stability", 1) == (
        "No norm for this test: Norms are of the centre of pressure on a force plate; this is the lean of the head.",
    )
    assert held_against("five_stands", 99) == held_against("fruit_ladder", 3) == ()


@pytest.mark.parametrize("language", sorted(set(languages()) - {"en"}))
def test_why_a_desk_cannot_show_a_test_is_said_in_every_language(language: str) -> None:
    whys = [why for test in map(battery.load, battery.names()) if (why := test.why_not_on(DESK))]
    with speaking(language):
        assert len({translated(why) for why in whys} - set(whys)) == 4
        assert not [why for why in whys if "body" in translated(why) or "desk" in translated(why)]


@pytest.mark.parametrize("language", languages())
def test_the_sheet_of_a_visit_shows_its_tests_with_results_and_norms(done: Session, language: str) -> None:
    with speaking(language):
        (part,) = sheet(done).parts
        assert "Bohannon 2006" in " ".join(part.notes)
        assert (language == "en") == ("(meta-analysis)" in " ".join(part.notes)), "who measured whom is translated, too"
        assert (part.tested, len(part.numbers)) == (True, 2)
        assert part.finding.startswith("2 ")
        assert [row.outcome == translated("reached") for row in part.rows] == [False, True], (
            "the first was for practice"
        )
        assert part.rows[1].measured.endswith(" 5")
        assert not any(map(part.has, ("asked", "came_to", "why", "limit")))


def test_the_report_names_the_test(done: Session, tmp_path: Path) -> None:
    write_report(done, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Five times sit to stand" in page
    assert page.count("reached, for practice") == 1
    assert "Came to" not in page
    assert page.count(">Five stands, until seated<") == 1
    assert page.index(">Five stands, until seated<") < page.index("Bohannon 2006"), "the result, then its norm"
    assert "No game was played" not in page


def test_who_runs_it_reads_its_results_at_once(done: Session) -> None:
    found = done.blocks[-1].measures["five_times_s"]
    none = msgspec.structs.replace(found, value=None, note="nobody sat still on a chair")
    block = msgspec.structs.replace(done.blocks[-1], measures={"five_times_s": found, "five_times_seated_s": none})
    assert said_of(msgspec.structs.replace(done, blocks=(block,)), Path("there")).splitlines() == [
        "finished: there",
        "Five times sit to stand:",
        f"  Five stands: {found.value:g} s ± {found.error:g}",
        "  Five stands, until seated: no result: nobody sat still on a chair",
        "  what they may be held against: steadyreach assessments five_stands",
        "nothing of this is about a person: nobody played it: it was simulated",
    ]


def test_a_table_of_trials_has_a_line_for_the_results(done: Session) -> None:
    rows = list(trial_table.rows(done, "60"))
    assert [row.get("trial") for row in rows] == [1, 2, None]
    assert rows[-1]["measure.five_times_s"] == done.blocks[-1].measures["five_times_s"].value


def test_who_works_with_tables_sees_which_trials_were_for_practice(done: Session, tmp_path: Path) -> None:
    assert [row.get("practice") for row in trial_table.rows(done, "60")] == [True, None, None]
    layout = trial_table.Layout(lambda *_: {})
    layout.look(done)
    trial_table.write(tmp_path, layout, trial_table.rows(done, "60"))
    with (tmp_path / "trials.csv").open(encoding="utf-8", newline="") as file:
        assert [row["practice"] for row in csv.DictReader(file)] == ["true", "", ""]
    assert parquet.read_table(tmp_path / "trials.parquet")["practice"].to_pylist() == [True, None, None]
    assert {each.holds for each in layout.dictionary() if each.column == "practice"} == {"true or false"}
    assert [mark.practice for mark in marks(done) if mark.trial] == ["practice", ""]


def test_no_page_and_no_word_calls_a_result_a_risk() -> None:
    page = (ROOT / "docs" / "assessments.md").read_text("utf-8")
    assert " risk" not in page.lower()


def test_the_summary_counts_the_minutes_of_a_test_and_praises_no_number_of_it(done: Session) -> None:
    said = [line.words for line in praise.lines(done.blocks, None)]
    assert said == ["summary.first_time"], "half a minute is none"


def test_what_a_test_says_of_its_numbers_is_said_in_the_language_of_the_page() -> None:
    with speaking("de"):
        assert translated("mean of 3") == "Mittel aus 3"
        assert translated("3 of 5 stands came up far enough") == "3 von 5 Malen kamen weit genug nach oben"
        assert translated("walked 2.1 m from the chair, and not 3 m") == "ging 2,1 m vom Stuhl weg, nicht 3 m"
        assert translated("stopped by hand") == "von Hand gestoppt"
