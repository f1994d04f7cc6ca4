"""What Khronos' core validation layer says about the calls of a test."""

from pathlib import Path

import pytest

from tests.openxr.layers.layer import add


class Validation:
    """The layer, switched on for the instances that are opened from now on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let it write into a folder."""
        self._told = folder / "validation.txt"
        add("XR_APILAYER_LUNARG_core_validation", monkeypatch)
        monkeypatch.setenv("XR_CORE_VALIDATION_EXPORT_TYPE", "text")
        monkeypatch.setenv("XR_CORE_VALIDATION_FILE_NAME", str(self._told))

    def complaints(self) -> list[str]:
        """The warnings and errors that it wrote; its file exists once an instance was opened."""
        lines = self._told.read_text("utf-8").splitlines()
        return [line for line in lines if "VALID_WARNING" in line or "VALID_ERROR" in line]
