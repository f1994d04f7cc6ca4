"""What the OpenXR tests share: a Monado, a person moved by remote control, and a headset on them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

INSIDE = "STEADYREACH_INSIDE_OPENXR" in os.environ
collect_ignore_glob: list[str] = [] if INSIDE else ["test_*.py"]  # they run where a Monado is: see inside.py

if INSIDE:
    from engine import theme, words
    from engine.openxr.headset import OpenXRHeadset
    from engine.panda.graphics import Graphics
    from engine.panda.stage import Stage
    from tests.openxr.layers.faults import Faults
    from tests.openxr.layers.rules import Rules
    from tests.openxr.monado import Monado, Screen
    from tests.openxr.pixels import Pictures
    from tests.openxr.remote import RemoteHmd, RemotePerson
    from tests.openxr.validation import Validation
    from tests.openxr.world import Sight, World


@pytest.fixture(scope="session")
def monado(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Monado]":
    """One service for all tests that do not end it."""
    service = Monado(tmp_path_factory.mktemp("monado"))
    os.environ.update(service.environment)
    yield service
    service.close()


@pytest.fixture(scope="session")
def remote(monado: "Monado") -> "Iterator[RemoteHmd]":
    """The remote control, before anybody has moved."""
    control = RemoteHmd(monado.port)
    yield control
    control.close()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Monado]":
    """A service of this test's own, which it may spoil."""
    service = Monado(tmp_path / "runtime")
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    yield service
    service.kill()


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Screen]":
    """An X server without a monitor: one for all tests, because Panda3D asks for DISPLAY once in a process."""
    server = Screen(tmp_path_factory.mktemp("screen"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def stage(models: Path) -> "Callable[[Graphics], Stage]":
    """Makes the stage that a person sees, cards and all."""
    return lambda graphics: Stage(graphics, theme.load(), words.load(), models)


@pytest.fixture
def validation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Validation":
    """The core validation layer, which listens to this test."""
    return Validation(tmp_path, monkeypatch)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Rules":
    """The layer that watches the rules, for the instances of this test; ask for it before `faults`."""
    return Rules(tmp_path, monkeypatch)


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Faults":
    """The layer that does to the calls of this test what it asks for."""
    return Faults(tmp_path, monkeypatch)


@pytest.fixture
def headset(remote: "RemoteHmd", validation: "Validation") -> "Iterator[OpenXRHeadset]":
    """A session on Monado, at the end of which the validation layer must have had nothing to say."""
    remote.move(**vars(RemotePerson()))
    session = OpenXRHeadset(World)
    yield session
    session.close()
    assert validation.complaints() == []


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> "Pictures":
    """What is handed to the runtime from now on."""
    return Pictures(monkeypatch)


@pytest.fixture
def sight(remote: "RemoteHmd", validation: "Validation") -> "Iterator[Sight]":
    """A session with every option on, at the end of which neither OpenXR nor OpenGL may have had anything to say."""
    remote.move(**vars(RemotePerson()))
    opened = Sight()
    yield opened
    errors = opened.eyes._gl.errors()
    opened.close()
    assert validation.complaints() == []
    assert errors == []
