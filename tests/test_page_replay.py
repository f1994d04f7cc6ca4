"""The replay of a trial: what the figures show, against a movement that is known, and in a real browser."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from browsers import a_browser
from recordings import written
from routes import Client
from server_fixtures import SignedDevice, a_clinic, a_service, a_session, an_item, name_person

from engine.frame import Frame, Hand, Pose
from engine.guard import TOO_FAST
from engine.records import Answer, Event, Recording, Session
from server_sync import wire
from server_sync.clinic.objects import recording_key
from server_sync.clinic.replaying import replay_of
from server_sync.clinic.service import Service
from server_sync.page.happened import happened
from server_sync.page.skeleton import aim_of, motion

RATE_HZ, TURNED = 72, (0.0, 0.0, 0.0, 1.0)
LIFT_FROM_S, LIFT_S = 26.0, 2.0
"""The first trial of `a_session` begins at 26 s; the left hand is lifted forward to level, in two seconds."""


def lifted() -> Iterator[Frame]:
    """Somebody who stands and looks along -z, and lifts their left hand ahead."""
    for number in range(32 * RATE_HZ):
        at_s = number / RATE_HZ
        angle = math.pi / 2 * min(1.0, max(0.0, (at_s - LIFT_FROM_S) / LIFT_S))
        left = (-0.19, 1.38 - 0.6 * math.cos(angle), 0.08 - 0.6 * math.sin(angle))
        poses = [Pose(place, TURNED, True, True) for place in ((0.0, 1.58, 0.0), left, (0.19, 0.78, 0.08))]
        yield Frame(10**9 + round(at_s * 1e9), poses[0], Hand(poses[1]), Hand(poses[2]))


def recorded(service: Service, folder: Path) -> Session:
    """A session with its recording, delivered."""
    content = written(folder / "frames.vrec", lifted()).read_bytes()
    named = Recording(file="frames.vrec", sha256=wire.sha256(content), bytes=len(content), frames=32 * RATE_HZ)
    session = a_session(recording=named, events=(Event(LIFT_FROM_S + 1.0, "recentre asked"),))
    service.vault.write(recording_key(named.sha256), [content])
    device = SignedDevice(None).enrol(service)
    (receipt,) = service.archive.take(device.id, wire.Batch(items=(an_item(session),))).receipts
    assert receipt.state == wire.CREATED
    return session


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as opened:
        yield opened


def test_the_figures_are_where_the_hand_was(service: Service, tmp_path: Path) -> None:
    session = recorded(service, tmp_path)
    trial = session.blocks[1].trials[0]
    replay = replay_of(service, session, trial)
    times = [posture.t_s for posture in replay.postures]
    assert times == sorted(times)
    assert len(times) == pytest.approx(20 * (trial.end_s - trial.start_s), abs=2)
    lifted_to = next(posture for posture in replay.postures if posture.t_s >= LIFT_S)
    shoulder, _elbow, hand = lifted_to.left
    assert shoulder
    assert hand
    assert hand[2] - shoulder[2] > 45
    assert hand[1] == pytest.approx(shoulder[1], abs=12)
    assert hand == pytest.approx((-19, 138, 52), abs=10)  # the wrist is a palm away from the grip


def test_a_left_arm_is_on_your_right_from_the_front_and_faces_left_from_its_side(
    service: Service, tmp_path: Path
) -> None:
    session = recorded(service, tmp_path)
    trial = session.blocks[1].trials[0]
    found = motion(replay_of(service, session, trial), aim_of(trial, 95.0))
    left = found["postures"][-1]["front"]["lines"][-1]
    assert all(float(point.split(",")[0]) > 0 for point in left.split())
    left = found["postures"][-1]["side"]["lines"][-1]
    assert float(left.split()[-1].split(",")[0]) < -40
    assert "left side" in found["figures"]
    assert 'class="target"' in found["figures"]


def test_a_moment_is_shown_without_a_script_and_what_is_not_there_is_said(
    service: Service, client: Client, tmp_path: Path
) -> None:
    session = recorded(service, tmp_path)
    assert session.recording
    page = "/sessions/s-1?block=1&trial=1&t=2.0"
    assert client.get(page).text.count('class="figure skeleton') == 2
    service.vault.let_go(session.recording.sha256)
    assert "The recording was let go: it may be kept no longer." in client.get(page).text
    answer = client.get("/sessions/s-1/motion?block=1&trial=1")
    assert (answer.status_code, list(answer.json())) == (409, ["why"])


def test_what_happened_about_a_trial_is_told_with_its_moment() -> None:
    session = a_session()
    first, second, *_others, last = session.blocks[1].trials
    within, between = second.start_s + 1.0, (first.end_s + second.start_s) / 2
    events = (
        Event(within, "paused", f"{TOO_FAST} at 2.1 m/s"), Event(within, "not learnt", "no effort"),
        Event(between, "recentre asked"), Event(last.end_s + 0.5, "stopped", "it hurts"),
    )  # fmt: skip
    told = (Answer("pain", 3.0), Answer("pain", 6.0, between + 0.1))
    session = msgspec.structs.replace(session, events=events, told=told)
    assert happened(session, 1, first.number) == ()
    assert [(each.t_s, each.when, each.words) for each in happened(session, 1, second.number)] == [
        (0.0, "before it", "Asked to be set straight again"),
        (0.0, "before it", "Pain 6 of 10"),
        (1.0, "1.0 s", f"Near fall: {TOO_FAST} at 2.1 m/s"),
    ]
    assert [each.when for each in happened(session, 1, last.number)] == ["after it"]


@pytest.mark.parametrize(("block", "trial"), [(1, 99), (9, 1), (-1, 1)])
def test_a_trial_that_is_not_there_is_said(service: Service, client: Client, block: int, trial: int) -> None:
    device = SignedDevice(None).enrol(service)
    service.archive.take(device.id, wire.Batch(items=(an_item(a_session()),)))
    answer = client.get(f"/sessions/s-1/motion?block={block}&trial={trial}")
    assert (answer.status_code, "is not here" in answer.json()["why"]) == (409, True)


def test_a_slider_moves_the_figures_and_play_moves_the_slider(tmp_path: Path) -> None:
    with a_clinic(tmp_path / "clinic") as clinic, a_browser() as browser:
        from playwright.sync_api import expect

        with a_service(clinic.folder) as service:
            recorded(service, tmp_path)
            name_person(service, "p-milo", "Milo")
            password = service.accounts.add("maja", "Maja Bergström")
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{clinic.url}/login")
        page.get_by_label("Name").fill("maja")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{clinic.url}/sessions/s-1?block=1&trial=1")
        replay = page.locator(".replay").first
        assert page.locator(".skeleton").count() == 0
        hand = _hand_after(page, replay, "0.1")
        assert _hand_after(page, replay, "2") != hand
        replay.locator("input[type=range]").press("ArrowRight")
        assert replay.locator("output").inner_text() in ("2.0 s", "2.1 s")
        replay.get_by_role("button", name="Play").click()
        expect(replay.locator("output")).to_have_text(re.compile(r"2\.[3-9] s"))
        replay.get_by_role("button", name="Pause").click()
        replay.get_by_role("link", name="1.0 s").click()
        expect(replay.locator("output")).to_have_text("1.0 s")
        assert replay.locator(".skeleton").count() == 2  # the page is the same
        assert complaints == []


def _hand_after(page: Any, replay: Any, moment: str) -> str:
    """Where the left arm is drawn after the slider was moved."""
    replay.locator("input[type=range]").fill(moment)
    page.wait_for_selector(".skeleton.side .limb.left")
    page.wait_for_timeout(200)
    return str(replay.locator(".skeleton.side .limb.left").get_attribute("points"))
