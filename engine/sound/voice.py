"""A voice that says what stands on panels, and the option that somebody dwells on, from clips made beforehand."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pygame

from engine.scene import Line, Option, Panel, Scene
from engine.sound.clips import pieces, read_clips
from engine.sound.device import VOICE, Loader, SoundUnreadable
from engine.words import Words

TIMES = 2  # a sentence that comes again and again is said so often, and then only shown
FORGOTTEN_S = 60.0  # what was not shown for so long is new again
DWELT = 0.1  # of a dwell, after which an option is said: less is a glance
BETWEEN_SENTENCES_S, BETWEEN_PARTS_S = 0.35, 0.03
BREAK_OFF_MS = 80
CLIPS_KEPT = 40  # decoded, about 0.4 MB each


class _Line(NamedTuple):
    board: str  # key of the panel or option
    words: str  # key of the words
    values: tuple[str, ...]


class Voice:
    """Says each panel once: its title, then its lines, in order; what fills blanks is said, but not when it changes.

    `folder` holds the clips of one voice in one language; where it is not there, `note` says so and nothing is said.
    `words` are those that are shown: what they call controls is what is said. A new panel breaks off what was said of
    one that is gone; words that are gone before their turn are left out, and so is what no clip says. `volume` runs
    from 0 to 1. Raises ClipsUnusable when the list of clips is broken or names one that is not there.
    """

    def __init__(self, folder: Path, words: Words) -> None:
        self.volume = 1.0
        self.note = "" if folder.is_dir() else f"There is no voice in {folder}; what is written is not said."
        self._clips = read_clips(folder) if folder.is_dir() else {}
        self._words = words
        self._loader = Loader(CLIPS_KEPT)
        self._now_s = self._quiet_from_s = 0.0
        self._boards: tuple[Panel | Option, ...] = ()
        self._shown: tuple[_Line, ...] = ()
        self._dwelt = ""
        self._waiting: list[_Line] = []
        self._saying: _Line | None = None
        self._parts: list[Path] = []
        self._times: dict[str, int] = {}
        self._seen_s: dict[str, float] = {}

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or is about to be."""
        return self._saying is not None or bool(self._waiting)

    def see(self, scene: Scene, elapsed_s: float) -> None:
        """Say what is new in a scene, `elapsed_s` after the one before; called once a frame."""
        self._now_s += elapsed_s
        boards = tuple(item for item in scene.items if isinstance(item, (Panel, Option)))
        if boards != self._boards:
            self._look_at(boards)
        self._go_on()

    def close(self) -> None:
        """Stop decoding; may be called twice."""
        self._loader.close()

    def _look_at(self, boards: tuple[Panel | Option, ...]) -> None:
        shown = tuple(line for board in boards if isinstance(board, Panel) for line in _lines(board))
        dwelt = [_Line(b.key, b.words, b.values) for b in boards if isinstance(b, Option) and b.fill >= DWELT][:1]
        before, now = {line.board for line in self._shown}, {line.board for line in shown}
        if self._saying and now - before and self._saying.board not in now:
            self._break_off()
        still = {line[:2]: line for line in (*shown, *dwelt)}
        self._waiting = [still[line[:2]] for line in self._waiting if line[:2] in still] + self._fresh(shown)
        if dwelt and dwelt[0].board != self._dwelt:
            self._break_off()
            self._waiting = [*dwelt, *self._waiting]
        self._boards, self._shown, self._dwelt = boards, shown, dwelt[0].board if dwelt else ""

    def _fresh(self, shown: tuple[_Line, ...]) -> list[_Line]:
        known = {line[:2] for line in self._shown}
        for line in self._shown:
            self._seen_s[line.words] = self._now_s
        return [line for line in shown if line[:2] not in known and self._is_new(line)]

    def _is_new(self, line: _Line) -> bool:
        if self._now_s - self._seen_s.get(line.words, self._now_s) > FORGOTTEN_S:
            self._times.pop(line.words, None)
        return self._times.get(line.words, 0) < TIMES

    def _go_on(self) -> None:
        channel = pygame.mixer.Channel(VOICE)
        if channel.get_busy():
            self._quiet_from_s = self._now_s
            return
        if not self._parts:
            self._saying = None
            if not self._waiting or self._now_s - self._quiet_from_s < BETWEEN_SENTENCES_S:
                return
            self._begin(self._waiting.pop(0))
        elif self._now_s - self._quiet_from_s < BETWEEN_PARTS_S:
            return
        self._play_part(channel)

    def _begin(self, line: _Line) -> None:
        self._parts = self._clips_for(line)
        if self._parts:
            self._saying = line
            self._times[line.words] = self._times.get(line.words, 0) + 1

    def _play_part(self, channel: pygame.mixer.Channel) -> None:
        if not self._parts:
            return
        try:
            clip = self._loader.sound(self._parts[0])
        except SoundUnreadable as reason:
            self.note, self._parts = str(reason), []
            return
        if clip is not None:
            channel.play(clip)
            channel.set_volume(self.volume)
            self._parts.pop(0)

    def _break_off(self) -> None:
        pygame.mixer.Channel(VOICE).fadeout(BREAK_OFF_MS)
        self._parts, self._saying = [], None

    def _clips_for(self, line: _Line) -> list[Path]:
        sentence = self._words.say(line.words)  # with what controls are called, and blanks where values go
        values = [self._words.say(value) for value in line.values]  # a value may be a key of words
        found = [self._clips.get(piece) for piece in pieces(sentence, values)]
        return [clip for clip in found if clip is not None] if None not in found else []


def _lines(panel: Panel) -> Iterator[_Line]:
    for line in (panel.title, *panel.text):
        if isinstance(line, Line):
            yield _Line(panel.key, line.words, line.values or panel.values)
        elif line:
            yield _Line(panel.key, line, panel.values)
