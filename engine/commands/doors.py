"""Opening what stands between a session and a person: headsets and sound, as somebody wants to see and hear."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from engine import replay, words
from engine import theme as themes
from engine.commands.visits import CACHE
from engine.headset import Choice, Headset, HeadsetUnavailable, Watcher, choose
from engine.inputs import Input
from engine.openxr.options import Options
from engine.settings import Settings
from engine.simulated import SimulatedHeadset


def open_headset(kind: str, seed: int, xr: Options, settings: Settings) -> Choice:
    """Start the headset asked for, or the first that starts; raises HeadsetUnavailable."""
    kinds: dict[str, Callable[[], Headset]] = {
        "openxr": lambda: _openxr(xr, settings),
        "desk": lambda: _desk(settings),
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
    voice = Voice(themes.ASSETS / "voice" / theme.voice / settings.language, _words(settings.language))
    speaker = Speaker(theme.sounds, theme.ambience, theme.music, settings, voice)
    closing.callback(speaker.close)
    if speaker.note:
        print(speaker.note, file=sys.stderr)
    return (speaker,)


@cache
def _words(language: str) -> words.Words:
    """The words of a language, once: what is in hand is told to them, for who shows them and for who says them."""
    return words.load(language)


def _openxr(xr: Options, settings: Settings) -> Headset:
    from engine.openxr.headset import OpenXRHeadset

    def stage(graphics: Any) -> Any:
        from engine.panda.stage import Stage

        theme = themes.load(settings.theme)
        drawn = Stage(graphics, theme, _words(settings.language), CACHE, settings)
        drawn.prepare(tuple(theme.places))
        return drawn

    return OpenXRHeadset(stage, xr)


def _desk(settings: Settings) -> Headset:
    try:
        from engine.panda.desk import Desk
    except ImportError as reason:
        raise HeadsetUnavailable(f"{reason}: install it with pip install steadyreach[panda]") from None
    return Desk(themes.load(settings.theme), _words(settings.language), CACHE, settings=settings, inputs=_inputs())


def _inputs() -> tuple[Input, ...]:
    """A gamepad or a balance board, where one is connected."""
    try:
        from engine.pads.pads import Pads, PadsUnavailable
    except ImportError:
        return ()
    try:
        return (Pads(),)
    except PadsUnavailable as reason:
        print(reason, file=sys.stderr)
        return ()
