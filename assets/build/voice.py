"""Make the voice that reads to patients: `python assets/build/voice.py [LANGUAGE ...]`, or `--check` what is missing.

Writes `assets/voice/calm/LANGUAGE/KEY.ogg` for every line of `assets/words/LANGUAGE.toml`, and `clips.toml` that tells
what each says; a clip is made anew only when that or its speaker has changed. Needs scipy, soundfile, pyloudnorm and
the synthesisers of `sound/speakers.py` (hibari-tts, py-nanotts). With `--listen FOLDER` of a Whisper model for
faster-whisper, the clips are written down again and compared.

A line with {confirm} and the like has a clip for every control that it may name. A line with {0} has a clip for each
part between its blanks, and a blank is said by the clip that says just that: a number from 0 to 100, or a title.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine import theme as themes
from engine.openxr.bindings import PROFILES, controls
from engine.sound.clips import Clips, pieces
from engine.theme import ASSETS, read_toml
from engine.words import CONTROLS, Words, load

FOLDER = ASSETS / "voice" / "calm"
# Said as parts of other lines, or only for those who read.
SILENT = {"captions", "controls", "desk", "language"}
NUMBERS = range(101)
AS_TYPED = str.maketrans({"’": "'", "\u00a0": " ", **dict.fromkeys("“”„«»", "")})  # synthesisers know no other signs
BETWEEN_SENTENCES_S = 0.35
LOUDNESS_LUFS = -20.0
SMALL = 0.93  # Opus at about 23 kbit/s: half of Vorbis, whose header alone is larger than a short clip
HEARD_AT_LEAST = 0.6  # of the words of a clip: below, somebody should listen


def sentences(language: str) -> dict[str, str]:
    """What there is to say in any theme, by the name of its clip; what two lines share is said once."""
    names: dict[str, str] = {}
    for theme in ("", *themes.names()):
        words = load(language, theme=theme)
        for key in words:
            if key.partition(".")[0] not in SILENT:
                for line, sentence in _variants(words, key):
                    name = f"{theme}.{line}".lstrip(".")
                    for number, part in enumerate(pieces(sentence)):
                        names.setdefault(part, f"{name}.{number}" if part != sentence else name)
    for number in NUMBERS:
        names.setdefault(str(number), f"number.{number}")
    return {name: sentence for sentence, name in names.items()}


def _variants(words: Words, key: str) -> Iterator[tuple[str, str]]:
    """A line as it is said with what most people have in hand, and with everything else they may have."""
    words.controls = {}
    usual = words.say(key)
    yield key, usual
    for action, called in _called().items():
        for control in sorted(called):
            words.controls = {action: control}
            if words.say(key) != usual:
                yield f"{key}.{control.partition('.')[2]}", words.say(key)


def _called() -> Mapping[str, set[str]]:
    told = [controls(profile, side) for profile in PROFILES for side in ("left", "right")]
    told.append({**CONTROLS, "confirm": "controls.click"})  # a mouse
    return {action: {names[action] for names in told} for action in CONTROLS}


def stale(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """What a language has to say, and the part of it that no clip says yet."""
    from assets.build.sound.speakers import SPEAKERS

    wanted, folder = sentences(language), FOLDER / language
    there = read_toml(folder / "clips.toml", Clips, ValueError) if (folder / "clips.toml").is_file() else None
    known = there.says if there and there.engine == SPEAKERS[language].name else {}
    missing = {
        name: said for name, said in wanted.items() if known.get(name) != said or not (folder / f"{name}.ogg").is_file()
    }
    return wanted, missing


def make(language: str) -> None:
    """Make what is missing or stale in a language, and forget what nobody says any more."""
    from assets.build.sound.clip import finished, write
    from assets.build.sound.speakers import SPEAKERS

    wanted, missing = stale(language)
    folder, speaker = FOLDER / language, SPEAKERS[language]
    folder.mkdir(parents=True, exist_ok=True)
    say = speaker.open() if missing else None
    made = {name: said for name, said in wanted.items() if name not in missing}
    try:
        for name, said in missing.items():
            spoken = [say(spelled) for spelled in _spelled(name, said)] if say else []
            write(folder / f"{name}.ogg", *finished(spoken, BETWEEN_SENTENCES_S, LOUDNESS_LUFS), SMALL)
            made[name] = said
    finally:  # also when it is interrupted: what was made stays made
        _tell(folder, speaker.name, {name: said for name, said in wanted.items() if name in made})
    for file in folder.glob("*.ogg"):
        if file.stem not in wanted:
            file.unlink()
    size_kb = sum(file.stat().st_size for file in folder.iterdir()) / 1000
    print(f"{language}: {len(wanted)} clips, {len(missing)} made, {size_kb:.0f} kB")


def _spelled(name: str, said: str) -> list[str]:
    """Sentence by sentence, each with an end; a part of a sentence, and a number, sound as if something follows."""
    goes_on, said = re.search(r"\.\d+$", name), said.translate(AS_TYPED)
    ends = said if said[-1] in ".!?" else said.rstrip(":,") + ("," if goes_on else ".")
    return re.split(r"(?<=[.!?])\s+", ends)


def _tell(folder: Path, engine: str, says: Mapping[str, str]) -> None:
    lines = [f"{json.dumps(name)} = {json.dumps(said, ensure_ascii=False)}" for name, said in says.items()]
    head = f"# Written by assets/build/voice.py: who speaks, and what each clip says.\nengine = {json.dumps(engine)}\n"
    (folder / "clips.toml").write_text(head + "\n[says]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def check(languages: Sequence[str]) -> int:
    """Print which clips are missing or stale; how many they are."""
    count = 0
    for language in languages:
        for name, said in stale(language)[1].items():
            print(f"{language}: {name} does not say {said!r}")
            count += 1
    return count


def listen(languages: Sequence[str], model: Path) -> None:
    """Print how many words a recogniser wrote down again, and the clips that it did not understand."""
    from assets.build.sound.listener import Listener

    listener = Listener(model)
    for language in languages:
        shares = {}
        for name, said in sentences(language).items():
            heard, shares[name] = listener.hear(FOLDER / language / f"{name}.ogg", said, language)
            if shares[name] < HEARD_AT_LEAST:
                print(f"{language}: {name} says {said!r}, heard {heard!r}")
        unclear = sum(share < HEARD_AT_LEAST for share in shares.values())
        print(f"{language}: {sum(shares.values()) / len(shares):.0%} of the words, {unclear} clips unclear")


def main() -> int:
    """Make the named languages, or all that have words."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help="such as en; all when none is named")
    parser.add_argument("--check", action="store_true", help="only say which clips are missing or stale")
    parser.add_argument("--listen", type=Path, metavar="FOLDER", help="a Whisper model to write the clips down again")
    given = parser.parse_args()
    languages = given.languages or sorted(file.stem for file in (ASSETS / "words").glob("*.toml"))
    if given.check:
        return 1 if check(languages) else 0
    if given.listen:
        listen(languages, given.listen)
        return 0
    for language in languages:
        make(language)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
