"""Research exports: those alone who agreed, under other names and dates, with nothing in them that somebody wrote."""

from datetime import date
from pathlib import Path

import pytest
from exported import (
    AGREED,
    COMMAND,
    EVERYBODY,
    MOTION_KINDS,
    a_filled_clinic,
    a_visit,
    agree,
    contents,
    deliver,
    exports,
    manifest,
    planted,
    recorded,
    said,
    table,
    written,
)
from msgspec.structs import replace
from server_fixtures import SignedDevice, a_service, a_session
from test_bids import errors

from engine.commands.exporting import words
from engine.records import Request
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.consents import MEASURES, MOTION, Given, kind_of
from server_sync.clinic.export_choice import KINDS, NotExported, Which
from server_sync.clinic.patients import Person
from server_sync.clinic.research import Study, age_band
from server_sync.clinic.service import Service

WORD = "Zaphodina Quill"
STUDY = "balance-2027"


def codes(service: Service, study: str = STUDY, kind: str = "trials") -> dict[str, str]:
    """What each patient of a study is called, by the pseudonym."""
    persons = exports(service).choose(EVERYBODY, kind, study).persons
    return {service.patients.person(person.patient_id).pseudonym: person.participant for person in persons}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_in_it_who_did_not_agree_to_just_that(kept: Service, tmp_path: Path, kind: str) -> None:
    needed = MEASURES if kind == "trials" else MOTION
    agreed = {pseudonym for pseudonym, kinds in AGREED.items() if needed in kinds}
    assert set(codes(kept, kind=kind)) == agreed
    out = written(kept, tmp_path / "out", kind, study=STUDY)
    assert manifest(out)["participants"] == len(agreed) == 3
    assert manifest(out)["left_out"] == {f"no consent to {needed}": 2}


def test_a_consent_that_is_withdrawn_after_the_choice_counts(copied: Service, tmp_path: Path) -> None:
    for kind, needed in (("trials", MEASURES), ("mcap", MOTION)):
        taken = exports(copied)
        choice = taken.choose(EVERYBODY, kind, STUDY)
        milo, given = copied.patients.id_of("p-milo"), Given("p-milo", SELF, kind_of(needed).version)
        copied.consents.withdraw(COMMAND, milo, needed, given)
        done = taken.write(choice, tmp_path / kind, COMMAND)
        assert (done.participants, done.left_out) == (2, {f"no consent to {needed}": 3})
        assert codes(copied, kind=kind).keys() == {each for each in AGREED if needed in AGREED[each]} - {"p-milo"}


def test_who_agreed_to_motion_alone_is_there_without_a_trial(kept: Service, tmp_path: Path) -> None:
    out = written(kept, tmp_path / "out", "motion-bids", study=STUDY)
    otto = codes(kept, kind="motion-bids")["p-otto"]
    for name, content in contents(out).items():
        if name.endswith("events.tsv"):
            assert (b"fruit_ladder" in content) == (otto not in name)
            assert b"paused" in content


def test_a_research_dataset_has_no_errors_either(kept: Service, tmp_path: Path) -> None:
    assert errors(written(kept, tmp_path / "out", "motion-bids", study=STUDY)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_somebody_wrote_is_in_it(copied: Service, tmp_path: Path, kind: str) -> None:
    device = SignedDevice(None).enrol(copied, ["p-milo"])
    session = planted(a_visit("zaphodina-7", "p-milo", 7), WORD)
    deliver(copied, device, session, 1, recorded(copied, 7))
    milo = copied.patients.id_of("p-milo")
    copied.patients.write(milo, Person(pseudonym="p-milo", name=WORD, about=WORD, born="1980-02-03", identifier=WORD))
    which = Which(patient=milo)
    own, out = (written(copied, tmp_path / (name or "own"), kind, which, name) for name in ("", STUDY))
    assert any("zaphodina" in text.lower() for text in said(own))
    told = "\n".join(said(out))
    words_of = ("zaphodina", "quill", "p-milo", milo, "system menu", "16:42:00", "23:30:00", "=sum(1)")
    for word in words_of:  # long ones: numbers may look like short ones
        assert word not in told.lower(), word
    assert manifest(out)["sessions"] == 3


def test_numbers_are_those_of_the_clinics_own_export(kept: Service, tmp_path: Path) -> None:
    own, out = (table(written(kept, tmp_path / (name or "own"), study=name)) for name in ("", STUDY))
    milo = codes(kept)["p-milo"]
    of_clinic = [row for row in own if row["participant"] == "p-milo"]
    of_study = [row for row in out if row["participant"] == milo]
    assert len(of_clinic) == len(of_study) == 12
    changed = {
        "participant",
        "age_band",
        "session",
        "date",
        "time",
        "preset",
        "measure.reaction_s.note",
        "parameter.note",
    }
    for one, other in zip(of_clinic, of_study, strict=True):
        assert {name for name in one if one[name] != other.get(name, "")} <= changed
        assert other["time"] == other["measure.reaction_s.note"] == ""
    assert {row["age_band"] for row in of_clinic} == {"40-49"}
    assert "parameter.note" not in of_study[0]
    assert {row["preset"] for row in of_study} == {"", "balance"}


def test_dates_are_set_back_by_whole_weeks_of_each_person(kept: Service, tmp_path: Path) -> None:
    own, out = (table(written(kept, tmp_path / (name or "own"), study=name)) for name in ("", STUDY))
    called, back = codes(kept), dict[str, set[int]]()
    true = {row["session"]: date.fromisoformat(row["date"]) for row in own}
    study = Study(kept.keychain.clinic_key(f"study {STUDY}"), words)
    hidden = {study.session(session): day for session, day in true.items()}
    for row in out:
        back.setdefault(row["participant"], set()).add((hidden[row["session"]] - date.fromisoformat(row["date"])).days)
    assert back.keys() == set(called.values())
    assert all(len(days) == 1 for days in back.values())
    assert all(day > 0 and day % 7 == 0 for days in back.values() for day in days)
    assert len({study.earlier(str(number)) for number in range(100)}) > 20


def test_codes_stay_in_a_study_when_somebody_joins_and_are_others_in_another(copied: Service) -> None:
    before = codes(copied)
    agree(copied, "p-otto", MEASURES)
    after = codes(copied)
    assert {name: after[name] for name in before} == before
    assert "p-otto" in after
    assert not set(after.values()) & set(codes(copied, "balance-2028").values())
    assert list(after.values()) == sorted(after.values())


def test_another_process_gives_the_same_codes_and_another_clinic_others(
    kept: Service, filled: Path, tmp_path: Path
) -> None:
    before = codes(kept)
    with a_service(filled) as again:
        assert codes(again) == before
    with a_service(a_filled_clinic(tmp_path)) as other:
        assert not set(codes(other).values()) & set(before.values())


def test_the_clock_of_a_recording_begins_with_it_and_motion_is_untouched(kept: Service, tmp_path: Path) -> None:
    from engine.formats import parquet

    out = written(kept, tmp_path / "out", "parquet", Which(sessions=("s-1",)), STUDY)
    found = parquet.read(next(out.rglob("*.parquet")))
    own = parquet.read(next(written(kept, tmp_path / "own", "parquet", Which(sessions=("s-1",))).rglob("*.parquet")))
    assert found.rows["time_ns"][0] == 0
    assert (own.rows["time_ns"] - found.rows["time_ns"]).tolist() == [10**12] * len(own.rows)
    names = [name for name in own.rows.dtype.names if name != "time_ns"]
    assert all((own.rows[name] == found.rows[name]).all() for name in names)
    assert found.header["tables"] == own.header["tables"]
    assert "headset" in own.header
    assert "headset" not in found.header


def test_a_childs_data_are_in_it_while_a_guardian_agreed_and_they_are_a_child(copied: Service) -> None:
    year = copied.patients._now().year
    device = SignedDevice(None).enrol(copied)
    deliver(copied, device, a_visit("s-7", "p-child"), 1)
    child = copied.patients.id_of("p-child")
    copied.patients.write(child, Person(pseudonym="p-child", born=str(year - 8)))
    assert "p-child" not in codes(copied)
    agree(copied, "p-child", MEASURES, by="Nell", relation="mother")
    assert "p-child" in codes(copied)
    assert "p-child" not in codes(copied, kind="mcap")
    copied.patients.write(child, Person(pseudonym="p-child", born=str(year - 30)))
    assert "p-child" not in codes(copied)


def test_every_research_export_says_what_it_is(kept: Service, tmp_path: Path) -> None:
    for kind in ("trials", "c3d", "motion-bids"):
        out = written(kept, tmp_path / kind, kind, study=STUDY)
        name = "README" if kind == "motion-bids" else "README.txt"
        told = (out / name).read_text(encoding="utf-8")
        assert [name for name in contents(out) if "README" in name] == [name]
        for told_there in (
            "not anonymous",
            "94 %",
            "55,541",
            "Nair",
            "2 × no consent",
            "as agreed with the clinic",
            STUDY,
        ):
            assert told_there in told
    assert "anonym" not in "".join(said(written(kept, tmp_path / "own"))).lower()


@pytest.mark.parametrize("study", ["Balance", "a b", "-a", "x" * 41, "ä", "../x", "=x"])
def test_a_study_has_a_plain_name(kept: Service, study: str) -> None:
    with pytest.raises(NotExported, match="a study is called by"):
        exports(kept).choose(EVERYBODY, "trials", study)


def test_a_study_of_nobody_says_why(copied: Service, tmp_path: Path) -> None:
    with pytest.raises(NotExported, match="nothing to export: 1 × no consent to research motion"):
        written(copied, tmp_path / "out", MOTION_KINDS[0], Which(patient=copied.patients.id_of("p-none")), STUDY)
    row = copied.audit.listed()[0]
    assert (row.action, row.patient_id, row.thing) == ("export", "", f"motion-bids for research {STUDY}: nothing")


def test_a_band_of_ages_is_told_where_five_share_it(copied: Service, tmp_path: Path) -> None:
    device = SignedDevice(None).enrol(copied)
    for number in range(4):  # with p-milo, who was born in 1980, five
        pseudonym = f"p-{number}"
        deliver(copied, device, a_visit(f"s-of-{pseudonym}", pseudonym, number + 10), number + 1)
        copied.patients.write(copied.patients.id_of(pseudonym), Person(pseudonym=pseudonym, born="1981"))
        agree(copied, pseudonym, MEASURES)
        rows = table(written(copied, tmp_path / pseudonym, study=STUDY))
        assert {row["age_band"] for row in rows} == ({""} if number < 3 else {"", "40-49"})
    nobody_else = [row["participant"] for row in rows if row["age_band"]]
    assert set(nobody_else) == {codes(copied)[f"p-{number}"] for number in range(4)} | {codes(copied)["p-milo"]}


@pytest.mark.parametrize("code", ["TARGET_SUCCESS", "WARM_UP", "NEAR_BEST", "AFTER_MISSES"])
def test_why_something_was_asked_stays_where_the_software_says_it(code: str) -> None:
    session = a_session()
    played = next(block for block in session.blocks if block.trials)
    request = Request("lean_back", 3.0, "deg", code, "Because of Zaphod")
    block = replace(played, trials=(replace(played.trials[0], request=request),))
    study = Study(b"k" * 32, words)
    (found,) = study.disguised(replace(session, blocks=(block,)), "p", trials=True).blocks[0].trials
    assert found.request is not None
    assert (found.request.code, found.request.reason) == (code, "")


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2026-11-21", ""), ("2026-11-20", "0-4"), ("2021-11-20", "5-7"), ("2021-11-21", "0-4"), ("2009", "13-17"),
        ("2008-11-20", "18-29"), ("1980-02-03", "40-49"), ("1951-12", "70-79"), ("1931", "90+"), ("1901", "90+"),
        ("", ""), ("1980-13", ""), ("yesterday", ""),
    ],
)  # fmt: skip
def test_an_age_is_a_band(born: str, band: str) -> None:
    assert age_band(Person(pseudonym="p", born=born), date(2026, 11, 20)) == band
