"""What a person would hear: SDL's disk driver writes it to a file, as fast as it would be played."""

import math
import struct
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pygame = pytest.importorskip("pygame", reason="sound needs the extra 'sound'")

from engine.frame import UPRIGHT, Frame, Hand, Pose, from_yaw_pitch  # noqa: E402 - after the skip
from engine.scene import Scene, Sound  # noqa: E402
from engine.sound import speaker as module  # noqa: E402
from engine.sound.speaker import RATE_HZ, SoundUnreadable, Speaker  # noqa: E402

SOUNDS = Path(__file__).parents[1] / "assets" / "sounds"
ROLES = ("appear", "hold", "reached", "not_yet", "confirm", "rest", "finish", "pause")
STEP_NS = 20_000_000
HEARD = NDArray[np.float64]


def tone(path: Path, seconds: float, hz: float) -> Path:
    """Write a stereo tone of amplitude 0.5."""
    steps = range(round(seconds * RATE_HZ))
    samples = [round(16384 * math.sin(2 * math.pi * hz * step / RATE_HZ)) for step in steps]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(struct.pack("<hh", sample, sample) for sample in samples))
    return path


def frame(number: int = 0, yaw_right_rad: float = 0.0) -> Frame:
    hand = Hand(Pose((0.0, 1.0, -0.3)))
    turned = from_yaw_pitch(yaw_right_rad, 0.0) if yaw_right_rad else UPRIGHT
    return Frame(number * STEP_NS, Pose((0.0, 1.6, 0.0), turned), hand, hand)


def level(heard: HEARD) -> float:
    return float(np.sqrt(np.mean(heard**2)))


def strength(heard: HEARD, hz: float) -> float:
    """How much of one frequency is heard, in amplitude."""
    turn = 2j * np.pi * hz * np.arange(len(heard)) / RATE_HZ
    return float(2 * np.abs(np.mean(heard.mean(axis=1) * np.exp(-turn))))


Listen = Callable[[Speaker, Sequence[tuple[Frame, Scene]], float], HEARD]


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listen:
    """Show frames at a steady pace, the last one until enough was heard; gives samples by (left, right)."""
    captured = tmp_path / "heard.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(captured))

    def play(speaker: Speaker, shown: Sequence[tuple[Frame, Scene]], seconds: float) -> HEARD:
        begun = captured.stat().st_size
        for now, scene in shown:
            speaker.see(now, scene)
            time.sleep(STEP_NS / 1e9)
        while captured.stat().st_size - begun < seconds * RATE_HZ * 4:
            speaker.see(*shown[-1])
            time.sleep(STEP_NS / 1e9)
        speaker.close()
        samples = np.frombuffer(captured.read_bytes()[begun:], "<i2")
        return samples[: len(samples) // 2 * 2].reshape(-1, 2) / 32768

    return play


def test_a_sound_plays_once_however_long_its_key_stays(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    scene = Scene("still", (Sound("first", "reached"),))
    heard = listen(speaker, [(frame(number), scene) for number in range(25)], 0.5)
    one_play = 0.1 * RATE_HZ * 0.5**2 / 2  # energy of the tone, over both ears, at equal power
    assert np.sum(heard**2) == pytest.approx(one_play, rel=0.1)


def test_a_new_key_plays_again(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    scenes = [Scene("still", (Sound(key, "reached"),)) for key in ["first"] * 15 + ["second"] * 15]
    heard = listen(speaker, [(frame(number), scene) for number, scene in enumerate(scenes)], 0.6)
    assert np.sum(heard**2) == pytest.approx(2 * 0.1 * RATE_HZ * 0.5**2 / 2, rel=0.1)


@pytest.mark.parametrize(("x_m", "louder"), [(-1.0, 0), (1.0, 1)])
def test_a_sound_comes_from_its_side(tmp_path: Path, listen: Listen, x_m: float, louder: int) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.2, 500)}, {})
    heard = listen(speaker, [(frame(), Scene("still", (Sound("a", "reached", (x_m, 1.2, 0.0)),)))], 0.4)
    assert level(heard[:, louder]) > 0.1
    assert level(heard[:, 1 - louder]) < 0.02 * level(heard[:, louder])


def test_a_sound_straight_ahead_is_heard_alike_in_both_ears(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.2, 500)}, {})
    heard = listen(speaker, [(frame(), Scene("still", (Sound("a", "reached", (0.0, 1.2, -1.0)),)))], 0.4)
    assert np.abs(heard).max() == pytest.approx(0.5 * math.sqrt(0.5), rel=0.03)
    assert level(heard[:, 0]) == pytest.approx(level(heard[:, 1]), rel=0.02)


def test_a_sound_stays_where_it_is_when_the_head_turns(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 1.5, 500)}, {})
    scene = Scene("still", (Sound("a", "reached", (0.0, 1.6, -1.0)),))
    speaker.see(frame(), scene)
    for number in range(40):
        speaker.see(frame(number, math.pi / 2), scene)
    late = listen(speaker, [(frame(40, math.pi / 2), scene)], 0.3)[RATE_HZ // 10 :]
    assert level(late[:, 0]) > 20 * level(late[:, 1])


def test_a_lost_head_keeps_sounds_in_the_middle(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.2, 500)}, {})
    lost = frame()._replace(head=Pose((0.0, 0.0, 0.0), valid=False))
    heard = listen(speaker, [(lost, Scene("still", (Sound("a", "reached", (1.0, 1.2, 0.0)),)))], 0.3)
    assert level(heard[:, 0]) == pytest.approx(level(heard[:, 1]), rel=0.02)
    assert level(heard) > 0.1


def test_a_turning_head_makes_no_clicks(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 1.0, 500)}, {})
    scene = Scene("still", (Sound("a", "reached", (0.0, 1.6, -1.0)),))
    heard = listen(speaker, [(frame(), scene)] + [(frame(n, math.pi / 2), scene) for n in range(40)], 0.8)
    own_step = 0.5 * 2 * math.pi * 500 / RATE_HZ
    assert np.abs(np.diff(heard, axis=0)).max() < own_step + 0.02


def test_places_cross_fade_without_a_gap(tmp_path: Path, listen: Listen) -> None:
    ambience = {"orchard": tone(tmp_path / "a.wav", 0.5, 500), "harbour": tone(tmp_path / "b.wav", 0.5, 800)}
    speaker = Speaker({}, ambience)
    for number in range(101):
        speaker.see(frame(5 * number), Scene("orchard"))
    shown = [(frame(505 + 5 * number), Scene("harbour")) for number in range(45)]
    heard = listen(speaker, shown, 1.2)
    tenths = [level(part) for part in np.array_split(heard[round(0.05 * RATE_HZ) :], 10)]
    assert min(tenths) > 0.6 * max(tenths)
    assert strength(heard[-RATE_HZ // 5 :], 800) > 50 * strength(heard[-RATE_HZ // 5 :], 500)


def test_a_dimmed_scene_is_quieter(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({}, {"orchard": tone(tmp_path / "a.wav", 0.5, 500)})
    for number in range(101):
        speaker.see(frame(5 * number), Scene("orchard"))
    shown = [(frame(505 + 5 * number), Scene("orchard", dim=1.0)) for number in range(40)]
    heard = listen(speaker, shown, 1.1)
    before, after = level(heard[: RATE_HZ // 20]), level(heard[-RATE_HZ // 5 :])
    assert 0.2 * before < after < 0.45 * before


def test_music_plays_beside_the_ambience(tmp_path: Path, listen: Listen) -> None:
    orchard, music = tone(tmp_path / "a.wav", 0.5, 500), tone(tmp_path / "b.wav", 0.5, 800)
    speaker = Speaker({}, {"orchard": orchard}, {"orchard": music})
    for number in range(101):
        speaker.see(frame(5 * number), Scene("orchard"))
    heard = listen(speaker, [(frame(510), Scene("orchard"))], 0.3)
    assert strength(heard[-RATE_HZ // 5 :], 500) == pytest.approx(0.5, rel=0.1)
    assert strength(heard[-RATE_HZ // 5 :], 800) == pytest.approx(0.5, rel=0.1)


def test_without_a_device_the_same_code_runs_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    speaker.see(frame(), Scene("still", (Sound("a", "reached"),)))
    speaker.close()
    assert speaker.note == module.NO_DEVICE


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


@pytest.mark.usefixtures("silent")
def test_an_unknown_role_is_a_note_and_no_error(tmp_path: Path) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    speaker.see(frame(), Scene("nowhere", (Sound("a", "fanfare", (float("nan"), 0.0, 0.0)),)))
    speaker.close()
    assert "'fanfare'" in speaker.note


@pytest.mark.usefixtures("silent")
def test_a_closed_speaker_is_silent_and_closes_again(tmp_path: Path) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    speaker.close()
    speaker.close()
    speaker.see(frame(), Scene("still", (Sound("a", "reached"),)))
    assert speaker.note == ""


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("content", [None, b"not a sound"])
def test_an_unreadable_file_is_named_before_the_session(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.ogg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SoundUnreadable, match=r"broken\.ogg"):
        Speaker({"reached": path}, {})


def decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> HEARD:
    """A committed sound as the mixer would play it."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    pygame.mixer.init(RATE_HZ, -16, 2, allowedchanges=0)
    raw = pygame.mixer.Sound(SOUNDS / f"{name}.ogg").get_raw()
    pygame.mixer.quit()
    return np.frombuffer(raw, "<i2").reshape(-1, 2) / 32768


@pytest.mark.parametrize("name", ROLES)
def test_signals_are_heard_and_do_not_clip(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = decoded(name, monkeypatch)
    assert 0.01 < level(samples) < 0.2
    assert 0.1 < np.abs(samples).max() < 0.9
    assert np.abs(samples[[0, -1]]).max() < 0.01


@pytest.mark.parametrize("name", ["ambience_orchard", "ambience_harbour", "music_calm"])
def test_loops_close_without_a_click(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = decoded(name, monkeypatch)
    seam = np.concatenate([samples[-3:], samples[:3]])
    assert np.abs(np.diff(seam, n=2, axis=0)).max() < 0.004
    assert 0.01 < level(samples) < 0.1


def test_signals_stand_out_from_the_place_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    around = max(level(decoded(name, monkeypatch)) for name in ("ambience_orchard", "ambience_harbour"))
    signals = {name: np.abs(decoded(name, monkeypatch)).max() for name in ROLES}
    assert min(signals.values()) * math.sqrt(0.5) > 4 * around
