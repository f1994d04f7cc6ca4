"""Opening what stands between a session and a person: headsets and sound, as somebody wants to see and hear."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from engine import replay, words
from engine import theme as themes
from engine.commands.visits import CACHE
from engine.headset import Choice, Headset, HeadsetUnavailable, Watcher, choose
from engine.inputs import Input
from engine.openxr.options import Options
from engine.settings import Settings
from engine.simulated import SimulatedHeadset


class AtDesk(NamedTuple):
    """What a desk wants to know of who is there: their height in metres, whether they sit, and their balance board."""

    stature_m: float = 1.70
    sits: bool = False
    board: str = ""


ANYBODY = AtDesk()


def open_headset(kind: str, seed: int, xr: Options, settings: Settings, at_desk: AtDesk = ANYBODY) -> Choice:
    """Start the headset asked for, or the first that starts; raises HeadsetUnavailable."""
    kinds: dict[str, Callable[[], Headset]] = {
        "openxr": lambda: _openxr(xr, settings),
        "desk": lambda: _desk(settings, at_desk),
        "simulated": lambda: SimulatedHeadset(seed=seed),
    }
    if kind.startswith("replay:"):
        return choose([("replay", lambda: replay.open_replay(Path(kind.removeprefix("replay:"))))])
    if kind != "auto" and kind not in kinds:
        raise HeadsetUnavailable(f"--headset {kind!r} must be auto, {', '.join(kinds)} or replay:FILE")
    return choose(list(kinds.items()) if kind == "auto" else [(kind, kinds[kind])])


def open_sound(closing: ExitStack, settings: Settings) -> tuple[Watcher, ...]:
    """What is heard of a session until `closing` ends; nobody hears anything without the sound packages."""
    try:
        from engine.sound.speaker import Speaker
        from engine.sound.voice import Voice
    except ImportError:
        print("no sound: install it with pip install steadyreach[sound]", file=sys.stderr)
        return ()
    theme = themes.load(settings.theme)
    voice = Voice(themes.ASSETS / "voice" / theme.voice / settings.language, _words(settings.language, settings.theme))
    speaker = Speaker(theme.sounds, theme.ambience, theme.music, settings, voice)
    closing.callback(speaker.close)
    if speaker.note:
        print(speaker.note, file=sys.stderr)
    return (speaker,)


@cache
def _words(language: str, theme: str) -> words.Words:
    """The words of a language and theme, once: what is in hand is told to them, for who shows and who says them."""
    return words.load(language, theme=theme)


def _openxr(xr: Options, settings: Settings) -> Headset:
    from engine.openxr.headset import OpenXRHeadset

    def stage(graphics: Any) -> Any:
        from engine.panda.stage import Stage

        theme = themes.load(settings.theme)
        drawn = Stage(graphics, theme, _words(settings.language, settings.theme), CACHE, settings)
        drawn.prepare(tuple(theme.places))
        return drawn

    return OpenXRHeadset(stage, xr)


def _desk(settings: Settings, who: AtDesk) -> Headset:
    try:
        from engine.panda.desk import Desk, Sitter
    except ImportError as reason:
        raise HeadsetUnavailable(f"{reason}: install it with pip install steadyreach[panda]") from None
    theme, said = themes.load(settings.theme), _words(settings.language, settings.theme)
    desk = Desk(theme, said, CACHE, settings=settings, inputs=_inputs(who), sitter=Sitter(who.stature_m, who.sits))
    desk.prepare()
    return desk


def _inputs(who: AtDesk) -> tuple[Input, ...]:
    """A gamepad or a balance board, where one is connected; tells where the board that is asked for is not."""
    try:
        from engine.pads.pads import Pads, PadsUnavailable
    except ImportError:
        return ()
    try:
        pads = Pads(who.board, who.stature_m)
    except PadsUnavailable as reason:
        print(reason, file=sys.stderr)
        return ()
    pads.hear(0.0)  # what is plugged in already
    if who.board and "board" not in pads.kinds:
        there = ", ".join(pads.found) or "nothing"
        print(f"no balance board called {who.board!r} is plugged in (there is {there}); plug it in", file=sys.stderr)
    return (pads,)
