"""MCAP for Foxglove: its schema names, messages that hold to them, times, and a world whose up is z."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import fastjsonschema
import numpy as np
import people
import pytest
from hypothesis import given
from mcap.reader import make_reader
from recordings import SETTINGS, moving, recordings
from test_c3d import SESSION

from engine.formats import foxglove
from engine.frame import rotate
from engine.recording import FLAGS, Recorded

NAMES = {
    "/tf_static": "foxglove.FrameTransforms",
    "/tf": "foxglove.FrameTransforms",
    "/inputs": "steadyreach.Inputs",
    "/events": "foxglove.Log",
}


def messages(path: Path) -> list[tuple[Any, Any, Any]]:
    with path.open("rb") as file:
        return list(make_reader(file, validate_crcs=True).iter_messages())


def contents(path: Path, topic: str) -> list[Any]:
    return [json.loads(message.data) for _, channel, message in messages(path) if channel.topic == topic]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of somebody moving, with two trials and a pause."""
    path = tmp_path_factory.mktemp("out") / "visit.mcap"
    foxglove.write(path, Recorded({"session": "visit-1"}, moving(5_000_000_000 + 10_000_000 * np.arange(150))), SESSION)
    return path


def test_schemas_have_the_names_that_foxglove_knows_and_encodings_it_can_read(path: Path) -> None:
    found = {
        channel.topic: (schema.name, schema.encoding, channel.message_encoding) for schema, channel, _ in messages(path)
    }
    assert found == {topic: (name, "jsonschema", "json") for topic, name in NAMES.items()}


def test_every_frame_has_one_message_of_poses_and_one_of_inputs(path: Path) -> None:
    count = Counter(channel.topic for _, channel, _ in messages(path))
    assert count == {"/tf_static": 1, "/tf": 150, "/inputs": 150, "/events": 3}


@SETTINGS
@given(found=recordings())
def test_every_message_holds_to_the_schema_it_names(tmp_path: Path, found: Recorded) -> None:
    foxglove.write(tmp_path / "r.mcap", found, SESSION)
    checks = {name: fastjsonschema.compile(schema) for name, schema in foxglove.TOPICS.items()}
    for schema, channel, message in messages(tmp_path / "r.mcap"):
        assert json.loads(schema.data) == foxglove.TOPICS[channel.topic]
        checks[channel.topic](json.loads(message.data))


@pytest.mark.parametrize("spoilt", [{"transforms": [{}]}, {}, {"transforms": 3}])
def test_a_message_that_does_not_hold_to_its_schema_would_be_found(spoilt: dict[str, Any]) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        fastjsonschema.compile(foxglove.TOPICS["/tf"])(spoilt)


def test_times_are_those_of_the_frames(path: Path) -> None:
    found = [(m.log_time, m.publish_time, json.loads(m.data)) for _, c, m in messages(path) if c.topic == "/inputs"]
    assert [at_ns for at_ns, _, _ in found[:2]] == [5_000_000_000, 5_010_000_000]
    assert all(one == other for one, other, _ in found)
    assert found[1][2]["timestamp"] == {"sec": 5, "nsec": 10_000_000}


def test_times_before_zero_are_moved_and_come_back(tmp_path: Path) -> None:
    rows = moving(10_000_000 * np.arange(-50, 50))
    foxglove.write(tmp_path / "r.mcap", Recorded({}, rows))
    assert min(message.log_time for _, _, message in messages(tmp_path / "r.mcap")) == 0
    assert foxglove.read(tmp_path / "r.mcap").rows["time_ns"].tolist() == rows["time_ns"].tolist()


def test_the_world_is_z_up_with_right_along_x_and_ahead_along_y(path: Path) -> None:
    (root,) = contents(path, "/tf_static")[0]["transforms"]
    turn = tuple(root["rotation"][axis] for axis in "xyzw")
    assert (root["parent_frame_id"], root["child_frame_id"]) == ("world", "space")
    assert rotate(turn, (1, 0, 0)) == pytest.approx((1, 0, 0))
    assert rotate(turn, (0, 1, 0)) == pytest.approx((0, 0, 1))
    assert rotate(turn, (0, 0, -1)) == pytest.approx((0, 1, 0))


def test_a_hand_that_was_lost_is_nowhere_and_not_at_the_origin(tmp_path: Path) -> None:
    rows = people.standing_rows(0.1)
    rows["flags"][2] &= ~np.uint32(1 << FLAGS.index("right_valid"))
    foxglove.write(tmp_path / "r.mcap", Recorded({}, rows))
    seen = [{t["child_frame_id"] for t in tf["transforms"]} for tf in contents(tmp_path / "r.mcap", "/tf")]
    assert (seen[1], seen[2]) == ({"head", "left", "right"}, {"head", "left"})


def test_trials_and_events_are_log_messages_at_their_times(path: Path) -> None:
    found = contents(path, "/events")
    assert [message["message"] for message in found] == [
        "fruit_ladder left reached",
        "paused the headset was taken off",
        "fruit_ladder right not yet",
    ]
    assert found[0]["timestamp"] == {"sec": 6, "nsec": 0}


def test_the_file_says_whose_session_it_is_by_pseudonym(path: Path) -> None:
    with path.open("rb") as file:
        (about,) = [found.metadata for found in make_reader(file).iter_metadata()]
    assert (about["session"], about["patient"]) == ("visit-1", "p-7")
    assert not re.search(rb"2026-03-02", path.read_bytes())


def test_chunks_are_small_so_that_a_cut_loses_little(path: Path) -> None:
    with path.open("rb") as file:
        chunks = make_reader(file).get_summary().chunk_indexes
    assert max(chunk.uncompressed_size for chunk in chunks) < 2 * foxglove.CHUNK_BYTES
