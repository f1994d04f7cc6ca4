"""Somebody who writes down what a clip says: Whisper, without a network."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

_SIGNS = re.compile(r"[^\w\s]")


class Listener:
    """A recogniser with the model in a folder, as faster-whisper keeps it."""

    def __init__(self, model: Path) -> None:
        from faster_whisper import WhisperModel  # type: ignore[import-not-found]  # a build tool

        self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)

    def hear(self, clip: Path, said: str, language: str) -> tuple[str, float]:
        """What was heard, and the share of the letters that are those that were said."""
        found, _ = self._model.transcribe(str(clip), language=language, beam_size=1, condition_on_previous_text=False)
        heard = " ".join(segment.text for segment in found).strip()
        return heard, difflib.SequenceMatcher(None, _plain(said), _plain(heard)).ratio()


def _plain(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text.lower()).split())
