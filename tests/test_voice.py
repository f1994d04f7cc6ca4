"""What the voice says and when: clips that are tones stand for sentences, and are told apart by their pitch."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="sound needs the extra 'sound'")

from hearing import HEARD, Listen, frame, level, listener, settle, strength, tone  # noqa: E402

from assets.build.voice import FOLDER, SILENT, sentences, stale  # noqa: E402 - after the skip
from engine import theme, words  # noqa: E402
from engine.plan import message  # noqa: E402
from engine.scene import Item, Line, Option, Panel, Scene  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.sound.clips import ClipsUnusable, pieces, read_clips  # noqa: E402
from engine.sound.device import RATE_HZ  # noqa: E402
from engine.sound.speaker import Speaker  # noqa: E402
from engine.sound.voice import BREAK_OFF_MS, TIMES, Voice  # noqa: E402
from engine.words import Words  # noqa: E402

SENTENCES = {
    "a.title": "Hello", "a.text": "Reach up.", "a.more": "Hold it.", "b.title": "Pause", "b.go": "{confirm} to go on",
    "c.left": "{0} to go", "controls.trigger": "Press", "controls.pinch": "Pinch",
}  # fmt: skip
SAID = ("Hello", "Reach up.", "Hold it.", "Pause", "Press to go on", "Pinch to go on", "to go", "7", "8")
HZ = {said: 400.0 + 150 * number for number, said in enumerate(SAID)}
A = Panel("a", "a.title", ("a.text",))
B = Panel("b", "b.title")
VOICES = sorted((theme.ASSETS / "voice").glob("*/*"))


@pytest.fixture
def listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listen:
    return listener(tmp_path, monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A voice whose clips are tones of a fifth of a second."""
    clips = tmp_path / "voice"
    clips.mkdir()
    listed = [f'"{number}" = "{said}"\n' for number, said in enumerate(SAID)]
    (clips / "clips.toml").write_text('engine = "tones"\n[says]\n' + "".join(listed), encoding="utf-8")
    for number, said in enumerate(SAID):
        tone(clips / f"{number}.ogg", 0.2, HZ[said])
    return clips


Tell = Callable[..., list[str]]


@pytest.fixture
def told(folder: Path, listen: Listen) -> Tell:
    """What is heard of scenes, each shown for so many seconds, and of the last one as long as `seconds` says."""

    def tell(*shown: tuple[float, Sequence[Item]], seconds: float, spoken: Words | None = None) -> list[str]:
        speaker = Speaker({}, {}, voice=Voice(folder, spoken or Words(SENTENCES, "test")))
        scenes = [Scene("still", tuple(items)) for length_s, items in shown for _ in range(round(50 * length_s))]
        return in_order(listen(speaker, [(frame(number), scene) for number, scene in enumerate(scenes)], seconds))

    return tell


def in_order(heard: HEARD) -> list[str]:
    """The sentences that are heard, one after the other; one that is broken off counts."""
    found: list[str] = []
    step, silent = RATE_HZ // 50, True
    for start in range(0, len(heard) - step, step):
        part = heard[start : start + step]
        loud = level(part) > 0.15
        if loud:
            said = max(SAID, key=lambda sentence: strength(part, HZ[sentence]))
            if silent or said != found[-1]:
                found.append(said)
        silent = not loud
    return found


def test_a_panel_is_said_once_title_first(told: Tell) -> None:
    assert told((3.0, [A]), seconds=3.0) == ["Hello", "Reach up."]


def test_only_what_is_new_on_a_panel_is_said(told: Tell) -> None:
    more = A._replace(text=("a.text", "a.more"))
    assert told((2.0, [A]), (1.0, [more]), seconds=3.0) == ["Hello", "Reach up.", "Hold it."]


def test_what_comes_again_and_again_is_said_twice(told: Tell) -> None:
    rounds = [(0.9, [A._replace(text=())]), (0.3, [])] * 4
    assert told(*rounds, seconds=5.0) == TIMES * ["Hello"]


def test_words_that_are_gone_before_their_turn_are_left_out(told: Tell) -> None:
    assert told((0.3, [A]), (1.5, [A._replace(text=())]), seconds=2.0) == ["Hello"]


def test_a_new_panel_breaks_off_the_one_before(folder: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    tone(folder / "0.ogg", 3.0, HZ["Hello"])
    fades_ms: list[int] = []
    monkeypatch.setattr(pygame.mixer, "Channel", fading(pygame.mixer.Channel, fades_ms))
    speaker = Speaker({}, {}, voice=Voice(folder, Words(SENTENCES, "test")))
    shown = [(frame(number), Scene("still", (A if number < 50 else B,))) for number in range(120)]
    assert in_order(listen(speaker, shown, 2.4)) == ["Hello", "Pause"]
    assert fades_ms == [BREAK_OFF_MS]  # no click


def fading(channel: Callable[[int], pygame.mixer.Channel], fades_ms: list[int]) -> Callable[[int], Any]:
    """A channel that writes down how long it takes to fall silent."""

    class Fading:
        def __init__(self, number: int) -> None:
            self._channel = channel(number)

        def __getattr__(self, name: str) -> object:
            return getattr(self._channel, name)

        def fadeout(self, milliseconds: int) -> None:
            fades_ms.append(milliseconds)
            self._channel.fadeout(milliseconds)

    return Fading


def test_a_control_is_called_by_what_is_in_hand(told: Tell) -> None:
    spoken = Words(SENTENCES, "test")
    spoken.controls = {"confirm": "controls.pinch"}
    ask = Panel("b", "", ("b.go",))
    assert told((0.5, [ask]), seconds=1.0) == ["Press to go on"]
    assert told((0.5, [ask]), seconds=1.0, spoken=spoken) == ["Pinch to go on"]


def test_a_number_is_said_but_not_when_it_changes(told: Tell) -> None:
    count = [(0.5, [Panel("c", "", (Line("c.left", (str(left),)),))]) for left in (8, 7)]
    assert told(*count, seconds=2.0) == ["8", "to go"]


def test_a_number_that_nobody_has_said_leaves_its_sentence_out(told: Tell) -> None:
    panel = Panel("c", "a.title", ("c.left",), values=("2.5",))
    assert told((1.0, [panel]), seconds=2.0) == ["Hello"]


def test_a_message_is_said_to_be_there_and_is_left_to_be_read(told: Tell) -> None:
    spoken = Words({**SENTENCES, "clinic.message": "Hello"}, "test")
    assert told((1.0, [message("You did well on Monday.").panel]), seconds=2.0, spoken=spoken) == ["Hello"]


def test_an_answer_in_the_clinic_s_own_words_is_left_to_be_read(told: Tell) -> None:
    card = Option("answer 0", (0.0, 1.5, -2.0), 0.2, "{0}", ("Still tired",), fill=0.4)
    assert told((1.0, [card]), seconds=2.0) == []


def test_an_option_is_said_each_time_somebody_dwells_on_it(told: Tell) -> None:
    glance, dwell = [Option("o", (0.0, 1.5, -2.0), 0.2, "a.more", fill=fill) for fill in (0.05, 0.4)]
    shown = [(0.5, [glance]), (1.0, [dwell]), (0.5, [glance]), (1.0, [dwell])]
    assert told(*shown, seconds=3.0) == ["Hold it.", "Hold it."]


def test_music_goes_down_under_the_voice_and_comes_back(tmp_path: Path, folder: Path, listen: Listen) -> None:
    tone(folder / "0.ogg", 1.5, HZ["Hello"])
    places = [{"wood": tone(tmp_path / f"{hz}.wav", 0.5, hz)} for hz in (3000, 3700)]
    speaker = Speaker({}, *places, Settings(music_volume=1.0), Voice(folder, Words(SENTENCES, "test")))
    settle(speaker, Scene("wood"), 2)
    panel = Scene("wood", (Panel("a", "a.title"),))
    heard = listen(speaker, [(frame(510 + number), panel) for number in range(150)], 3.4)
    speaking = heard[RATE_HZ : RATE_HZ * 5 // 4]
    assert strength(speaking, 3700) == pytest.approx(0.5 * 10 ** (-8 / 20), rel=0.1)
    assert strength(speaking, 3000) == pytest.approx(0.5, rel=0.1)
    assert strength(heard[-RATE_HZ // 10 :], 3700) == pytest.approx(0.5, rel=0.1)


def test_nothing_is_said_to_who_does_not_wish_it(folder: Path, listen: Listen) -> None:
    speaker = Speaker({}, {}, settings=Settings(voice=False), voice=Voice(folder, Words(SENTENCES, "test")))
    assert level(listen(speaker, [(frame(), Scene("still", (A,)))], 1.0)) == 0.0


def test_a_language_without_a_voice_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    speaker = Speaker({}, {}, voice=Voice(tmp_path / "eo", Words(SENTENCES, "test")))
    speaker.see(frame(), Scene("still", (A,)))
    speaker.close()
    assert "no voice" in speaker.note


def test_a_clip_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "3.ogg").unlink()
    with pytest.raises(ClipsUnusable, match=r"names 3, and there is no 3\.ogg"):
        read_clips(folder)


@pytest.mark.parametrize(
    ("sentence", "values", "cut"),
    [
        ("Stand tall.", (), ["Stand tall."]),
        ("{0} of {1}", ("3", "10"), ["3", "of", "10"]),
        ("You held on for {0} seconds.", ("7",), ["You held on for", "7", "seconds."]),
        ("Next: {0}.", ("Owl Watch",), ["Next:", "Owl Watch"]),
    ],
)
def test_a_sentence_is_cut_at_its_blanks(sentence: str, values: tuple[str, ...], cut: list[str]) -> None:
    assert pieces(sentence, values) == cut


def test_somebody_speaks_every_language_that_is_written() -> None:
    assert {folder.name for folder in VOICES} == {file.stem for file in (theme.ASSETS / "words").glob("*.toml")}


@pytest.mark.parametrize("language", sorted({voice.name for voice in VOICES}))
def test_every_line_can_be_said_as_it_is_written_now(language: str) -> None:
    wanted, missing = stale(language)
    assert missing == {}, f"run python assets/build/voice.py {language}"
    assert {file.stem for file in (FOLDER / language).glob("*.ogg")} == set(wanted)


def test_a_line_that_names_a_control_is_said_with_each_that_there_is() -> None:
    said = sentences("en")
    assert {said["session.confirm"], said["session.confirm.pinch"]} == {"Press the trigger to go on", "Pinch to go on"}


@pytest.mark.parametrize("look", theme.names())
@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_whatever_can_be_shown_in_a_theme_has_clips_that_say_just_that(voice: Path, look: str) -> None:
    said, clips = words.load(voice.name, theme=look), read_clips(voice)
    shown = {said.say(key) for key in said if key.partition(".")[0] not in SILENT}
    assert {piece for sentence in shown for piece in pieces(sentence)} - clips.keys() == set()


def test_a_theme_that_calls_a_thing_otherwise_says_so() -> None:
    said = sentences("en")
    assert said["fruit_ladder.reach"] == "Reach for the golden fruit"
    assert said["dragon.fruit_ladder.reach"] == "Reach for the golden egg"


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: f"{voice.parent.name}-{voice.name}")
def test_clips_are_heard_alike_and_do_not_clip(voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    pygame.mixer.init(RATE_HZ, -16, 1, allowedchanges=0)
    some = sorted(voice.glob("*.ogg"))[::23]
    heard = [np.frombuffer(pygame.mixer.Sound(file).get_raw(), "<i2") / 32768 for file in some]
    pygame.mixer.quit()
    assert all(0.2 * RATE_HZ < len(samples) < 12 * RATE_HZ for samples in heard)
    assert all(0.04 < np.sqrt(np.mean(samples**2)) < 0.2 for samples in heard)
    assert max(np.abs(samples).max() for samples in heard) < 0.95


def test_all_voices_together_stay_small() -> None:
    assert sum(file.stat().st_size for folder in VOICES for file in folder.iterdir()) < 18_000_000
