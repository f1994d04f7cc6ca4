"""A therapist's first day, by nothing but the words on the page: what they use is counted and printed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from demo_clinics import PASSWORD
from hands import Site, a_site, expect


class Newcomer:
    """Somebody who knows no address and no part of a page, and reads names, roles and labels."""

    def __init__(self, page: Any, note: Callable[[str, object], None]) -> None:
        """Begin at a page; `note` takes what is printed of each task."""
        self.page, self._note, self._used = page, note, 0

    @contextmanager
    def task(self, title: str, most: int) -> Iterator[None]:
        """Do something with so many clicks and fields at most."""
        self._used, began = 0, time.perf_counter()
        yield
        took = f"{title}: {self._used} of {most} clicks and fields, {time.perf_counter() - began:.1f} s"
        self._note("newcomer", took)
        assert self._used <= most, took

    def use(self, role: str, name: str) -> None:
        """Click on something."""
        self._used += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def fill(self, label: str, text: str) -> None:
        """Fill in a field."""
        self._used += 1
        field = self.page.get_by_label(label, exact=True).first
        field.select_option(text) if field.evaluate("field => field.matches('select')") else field.fill(text)

    def reads(self, words: str) -> None:
        """Find words in sight."""
        expect(self.page.get_by_text(words).first).to_be_visible()


@pytest.fixture(scope="module")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_site(demo, tmp_path_factory.mktemp("demo")) as running:
        yield running


def test_a_newcomer_does_the_days_work_with_few_clicks(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    page = site.at("/").page
    newcomer = Newcomer(page, record_property)
    with newcomer.task("log in", 3):
        newcomer.fill("Login name", "maja")
        newcomer.fill("Password", PASSWORD)
        newcomer.use("button", "Log in")
    with newcomer.task("find who needs a look, and why", 1):
        newcomer.reads("2 of 2 patients need a look first")
        newcomer.reads("Pain 6 of 10 on")
        newcomer.use("link", "See session")
        newcomer.reads("the person said that it hurts")
    with newcomer.task("read whether the shoulder improved", 2):
        newcomer.use("link", "Overview")
        finding = page.get_by_role("heading", level=2).first.inner_text()
        assert "since" in finding
        assert "noise" in finding
    with newcomer.task("send the note", 3):
        newcomer.use("link", "Report")
        newcomer.fill("What it means, in your words", "The shoulder holds.")
        with page.expect_download() as waiting:
            newcomer.use("button", "Save as PDF")
        assert waiting.value.suggested_filename.endswith(".pdf")
    with newcomer.task("lower a child's difficulty, and see why", 6):
        newcomer.use("link", "Patients")
        newcomer.reads("left hemiplegia")
        newcomer.use("link", "Milo Adeyemi-Brandt")
        newcomer.use("link", "Tune")
        newcomer.fill("Hits aimed at", "90")
        newcomer.reads("aims at 90 hits in 100")
        newcomer.fill("Why, for whoever reads it later", "Tired on both days.")
        newcomer.use("button", "Save for next session")
        newcomer.reads("“Tired on both days.”")
    with newcomer.task("set a precaution", 6):
        newcomer.use("link", "Plan")
        newcomer.use("button", "Add a precaution")
        newcomer.fill("Movement or activity", "standing")
        newcomer.fill("Because of", "dizzy since Friday")
        newcomer.use("button", "Save for next session")
        newcomer.reads("Saved.")
        newcomer.reads("dizzy since Friday")
