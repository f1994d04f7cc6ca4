"""What a person would hear: signals, tones, places and music, and that it works without a device too."""

import math
from pathlib import Path

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="sound needs the extra 'sound'")

from hearing import HEARD, Listen, frame, level, listener, settle, strength, tone  # noqa: E402

from engine import theme  # noqa: E402 - after the skip
from engine.frame import Pose  # noqa: E402
from engine.scene import Scene, Sound, Tone  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.sound import speaker as module  # noqa: E402
from engine.sound.device import RATE_HZ, SoundUnreadable  # noqa: E402
from engine.sound.speaker import Speaker  # noqa: E402
from engine.sound.tone import grain, pitch_hz  # noqa: E402

SOUNDS = theme.ASSETS / "sounds"
THEMES = [theme.load(name) for name in theme.names()]
SIGNALS = sorted({path.stem for each in THEMES for path in each.sounds.values()})
AMBIENCE = sorted({path.stem for each in THEMES for path in each.ambience.values()})
MUSIC = sorted({path.stem for each in THEMES for path in each.music.values()})


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listen:
    return listener(tmp_path, monkeypatch)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


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
    settle(speaker, Scene("harbour"), 1)
    settle(speaker, Scene("orchard"), 2)
    heard = listen(speaker, [(frame(505 + 5 * number), Scene("harbour")) for number in range(45)], 1.2)
    tenths = [level(part) for part in np.array_split(heard[round(0.05 * RATE_HZ) :], 10)]
    assert min(tenths) > 0.6 * max(tenths)
    assert strength(heard[-RATE_HZ // 5 :], 800) > 50 * strength(heard[-RATE_HZ // 5 :], 500)


def test_a_dimmed_scene_is_quieter(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({}, {"orchard": tone(tmp_path / "a.wav", 0.5, 500)})
    settle(speaker, Scene("orchard"), 1)
    shown = [(frame(505 + 5 * number), Scene("orchard", dim=1.0)) for number in range(40)]
    heard = listen(speaker, shown, 1.1)
    before, after = level(heard[: RATE_HZ // 20]), level(heard[-RATE_HZ // 5 :])
    assert 0.2 * before < after < 0.45 * before


def test_music_plays_beside_the_ambience_as_loud_as_is_wished(tmp_path: Path, listen: Listen) -> None:
    orchard, music = tone(tmp_path / "a.wav", 0.5, 500), tone(tmp_path / "b.wav", 0.5, 800)
    speaker = Speaker({}, {"orchard": orchard}, {"orchard": music}, Settings(sound_volume=1.0, music_volume=0.5))
    settle(speaker, Scene("orchard"), 2)
    heard = listen(speaker, [(frame(510), Scene("orchard"))], 0.3)
    assert strength(heard[-RATE_HZ // 5 :], 500) == pytest.approx(0.5, rel=0.1)
    assert strength(heard[-RATE_HZ // 5 :], 800) == pytest.approx(0.25, rel=0.1)


def test_a_loop_that_two_places_share_goes_on(tmp_path: Path, listen: Listen) -> None:
    shared = tone(tmp_path / "a.wav", 0.5, 500)
    speaker = Speaker({}, {"orchard": shared, "wood": shared})
    settle(speaker, Scene("orchard"), 1)
    heard = listen(speaker, [(frame(505 + number), Scene("wood")) for number in range(20)], 0.4)
    assert level(heard) == pytest.approx(0.5 * math.sqrt(0.5), rel=0.1)


def test_in_mono_both_sides_sound_alike(tmp_path: Path, listen: Listen) -> None:
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.2, 500)}, {}, settings=Settings(mono=True))
    heard = listen(speaker, [(frame(), Scene("still", (Sound("a", "reached", (-1.0, 1.2, 0.0)),)))], 0.4)
    assert heard.shape[1] == 1
    assert np.abs(heard).max() == pytest.approx(0.5 * math.sqrt(0.5), rel=0.03)


def rising(numbers: range) -> list[tuple[module.Frame, Scene]]:
    """A tone that rises from its lowest to its highest."""
    return [(frame(n), Scene("still", (Tone("reach", n / max(numbers)),))) for n in numbers]


def test_a_tone_follows_a_movement_and_ends_with_it(listen: Listen) -> None:
    low, high = [(frame(n), Scene("still", (Tone("a", height),))) for n, height in ((0, 0.0), (1, 1.0))]
    gone = [(frame(90 + number), Scene("still")) for number in range(25)]
    heard = listen(Speaker({}, {}), [low] * 40 + [high] * 40 + gone, 2.4)
    tenth = RATE_HZ // 10
    parts = [heard[start : start + tenth] for start in range(0, len(heard) - tenth, tenth)]
    lows, highs = [[strength(part, pitch_hz(height)) for part in parts] for height in (0.0, 1.0)]
    assert max(lows) > 0.01
    assert lows.index(max(lows)) < highs.index(max(highs))
    assert level(heard[-tenth:]) == 0.0


def test_a_gliding_tone_makes_no_clicks(listen: Listen) -> None:
    heard = listen(Speaker({}, {}), [*rising(range(60)), (frame(99), Scene("still"))], 1.6)
    steepest = 1.9 * 0.075 / 1.28 * 2 * math.pi * pitch_hz(1.0) / RATE_HZ
    assert level(heard) > 0.01
    assert np.abs(np.diff(heard, axis=0)).max() < steepest


@pytest.mark.parametrize(("from_hz", "to_hz"), [(262.0, 262.0), (262.0, 740.0), (700.0, 301.7)])
def test_every_grain_begins_and_ends_at_zero_and_lasts_about_as_long(from_hz: float, to_hz: float) -> None:
    wave = grain(from_hz, to_hz, 1.0, 1.0)
    assert abs(wave[0]) < 1e-9
    assert -0.15 < wave[-1] < 0 < wave[1]  # one sample before the next grain's zero
    assert 0.045 < len(wave) / RATE_HZ < 0.055


@pytest.mark.usefixtures("silent")
def test_a_height_that_is_no_height_is_taken_for_the_nearest() -> None:
    speaker = Speaker({}, {})
    speaker.see(frame(), Scene("still", tuple(Tone(str(height), height) for height in (math.nan, -1.0, 7.0))))
    speaker.close()
    assert speaker.note == ""


def test_without_a_device_the_same_code_runs_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    speaker = Speaker({"reached": tone(tmp_path / "a.wav", 0.1, 500)}, {})
    speaker.see(frame(), Scene("still", (Sound("a", "reached"),)))
    speaker.close()
    assert speaker.note == module.NO_DEVICE


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
    with pytest.raises(SoundUnreadable, match=r"broken\.ogg"):
        Speaker({}, {}, {"orchard": path})


def decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> HEARD:
    """A committed sound as the mixer would play it."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    pygame.mixer.init(RATE_HZ, -16, 2, allowedchanges=0)
    raw = pygame.mixer.Sound(SOUNDS / f"{name}.ogg").get_raw()
    pygame.mixer.quit()
    return np.frombuffer(raw, "<i2").reshape(-1, 2) / 32768


@pytest.mark.parametrize("name", SIGNALS)
def test_signals_are_heard_and_do_not_clip(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = decoded(name, monkeypatch)
    assert 0.01 < level(samples) < 0.2
    assert 0.1 < np.abs(samples).max() < 0.9
    assert np.abs(samples[[0, -1]]).max() < 0.01


@pytest.mark.parametrize("name", [*AMBIENCE, *MUSIC])
def test_loops_close_without_a_click(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = decoded(name, monkeypatch)
    seam = np.concatenate([samples[-3:], samples[:3]])
    assert np.abs(np.diff(seam, n=2, axis=0)).max() < 0.004
    assert 0.01 < level(samples) < 0.1


def test_signals_stand_out_from_the_place_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    around = max(level(decoded(name, monkeypatch)) for name in AMBIENCE)
    signals = {name: np.abs(decoded(name, monkeypatch)).max() for name in SIGNALS}
    assert min(signals.values()) * math.sqrt(0.5) > 4 * around


@pytest.mark.parametrize("each", THEMES, ids=lambda each: each.name)
def test_every_place_has_its_own_air_and_music_and_no_role_borrows_a_sound(each: theme.Theme) -> None:
    places = set(theme.PLACES) - {"still"}
    assert places <= set(each.ambience)
    assert len({each.music[place] for place in places}) == len(places)
    assert all(path.stem.removesuffix("_dusk") == role for role, path in each.sounds.items())


def test_no_loop_is_larger_than_is_right() -> None:
    assert [name for name in (*AMBIENCE, *MUSIC) if (SOUNDS / f"{name}.ogg").stat().st_size > 460_000] == []
