"""Records of other versions: strict where a person wrote them, lenient where a newer device did."""

import json

import msgspec
import pytest
from msgspec.structs import replace
from people import a_calibration

from engine.patient import PatientRecord
from engine.records import BlockRecord, Event, RecordUnreadable, Session, TrialRecord, from_json, to_json

TRIAL = TrialRecord(1, "left", 0.0, 1.5, "reached", measures={})
BLOCK = BlockRecord("fruit_ladder", "Fruit ladder", 1, "play", 0.0, 1.5, {"targets": 3}, trials=(TRIAL,))
DONE = Session(
    "one", "anna", "2026-01-05T09:00:00+00:00", 1.5, "simulated", "somebody", "test", 0, "standard", "finished",
    a_calibration(), blocks=(BLOCK,), events=(Event(0.5, "paused"),),
)  # fmt: skip


def newer() -> bytes:
    """The session as a version wrote it that knows more of everything."""

    def more(value: object) -> object:
        if isinstance(value, dict):
            grown = {name: more(each) for name, each in value.items()}
            return (
                {**grown, "hue": [{"of": "tomorrow"}]} if "id" in value or "start_s" in value or "n" in value else grown
            )
        return [more(each) for each in value] if isinstance(value, list) else value

    return json.dumps(more(json.loads(to_json(DONE)))).encode()


def test_a_record_of_a_newer_version_is_read_without_what_is_unknown_here() -> None:
    assert from_json(newer(), Session, newer=True) == DONE


def test_a_record_with_unknown_fields_is_refused_where_nobody_says_that_it_is_newer() -> None:
    with pytest.raises(RecordUnreadable, match="unknown field `hue`"):
        from_json(newer(), Session)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"id": 1}', b"\xff", b"[" * 100_000, b'{"patient": {}}'])
def test_what_is_no_record_is_refused_whoever_wrote_it(content: bytes) -> None:
    for kind in (Session, PatientRecord):
        with pytest.raises(RecordUnreadable, match="the letter is not a"):
            from_json(content, kind, "the letter", newer=True)


def test_a_field_of_another_type_is_refused_in_a_newer_record_too() -> None:
    wrong = msgspec.json.decode(newer()) | {"seconds": "long"}
    with pytest.raises(RecordUnreadable, match=r"Expected `float`, got `str` - at `\$.seconds`"):
        from_json(msgspec.json.encode(wrong), Session, newer=True)


def test_a_trial_is_one_line_and_a_block_is_not() -> None:
    two = replace(DONE, blocks=(replace(BLOCK, trials=(TRIAL, replace(TRIAL, number=2))),) * 2)
    trials = [line for line in to_json(two).splitlines() if b'"achieved"' in line]
    assert [json.loads(line.strip().rstrip(b","))["number"] for line in trials] == [1, 2, 1, 2]


@pytest.mark.parametrize("words", ["", "x" * 200, '[{"', '"\n\\', "ü" * 150])
def test_words_come_back_as_they_were_from_lines(words: str) -> None:
    said = replace(DONE, ended_by=words, blocks=(replace(BLOCK, title=words, parameters={words: words}),))
    assert from_json(to_json(said), Session) == said
