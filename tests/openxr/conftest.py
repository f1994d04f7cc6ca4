"""What the OpenXR tests share: a Monado, a person moved by remote control, and a headset on them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

INSIDE = "STEADYREACH_INSIDE_OPENXR" in os.environ
collect_ignore_glob: list[str] = [] if INSIDE else ["test_*.py"]  # `tests/test_openxr.py` runs them where a Monado is

if INSIDE:
    from engine.openxr.headset import OpenXRHeadset
    from tests.openxr.monado import Monado
    from tests.openxr.remote import RemoteHmd, RemotePerson
    from tests.openxr.validation import Validation
    from tests.openxr.world import World


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
def validation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Validation":
    """The core validation layer, which listens to this test."""
    return Validation(tmp_path, monkeypatch)


@pytest.fixture
def headset(remote: "RemoteHmd", validation: "Validation") -> "Iterator[OpenXRHeadset]":
    """A session on Monado, at the end of which the validation layer must have had nothing to say."""
    remote.move(**vars(RemotePerson()))
    session = OpenXRHeadset(World)
    yield session
    session.close()
    assert validation.complaints() == []
