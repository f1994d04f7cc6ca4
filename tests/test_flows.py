"""The seven jobs of the clinic's pages, each by nothing but the keys and with a mouse, in a real browser.

What they are done with differs from test to test: small and wide screens, zoom, both themes, other languages.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hands import LONG, Hands, Site, Way, a_site, expect

from server_sync.page.language import PSEUDO, languages

OTHER = "de" if "de" in languages() else PSEUDO
KEYS = Way(keys=True)
SMALL_KEYS = Way(keys=True, width=320, theme="dark", language=PSEUDO)
ZOOMED_KEYS = Way(keys=True, width=640, zoom=2, language=OTHER)
WIDE_MOUSE = Way(width=2560, theme="dark", language=OTHER)
SMALL_MOUSE = Way(width=320)
MOUSE = Way(language=PSEUDO)


@pytest.fixture(scope="module")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_site(demo, tmp_path_factory.mktemp("demo")) as running:
        yield running


def ways(*all_of_them: Way) -> Any:
    return pytest.mark.parametrize("way", all_of_them, ids=str)


def downloaded(hands: Hands, what: Any, folder: Path) -> bytes:
    """The file that comes of a button or a link."""
    with hands.page.expect_download() as waiting:
        hands.go(what)
    waiting.value.save_as(folder / "file")
    return (folder / "file").read_bytes()


@ways(ZOOMED_KEYS, WIDE_MOUSE)
def test_today_leads_to_each_reason_in_one_step(site: Site, way: Way) -> None:
    hands = site.at("/today", "maja", way)
    page = hands.page
    rosa = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Rosa Lindqvist"))
    assert "6" in rosa.locator(".why li").first.inner_text()
    hands.go(rosa.get_by_role("link", name=hands.said("See session")))
    page.wait_for_url("**/sessions/*")
    page.go_back()
    henrik = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Henrik Sørås"))
    hands.go(henrik.get_by_role("link", name=hands.said("See measure")))
    chosen = page.get_by_role("navigation", name=hands.said("Movement")).locator("[aria-current]")
    assert chosen.get_attribute("href").endswith("of=lean_forward")
    assert page.locator("#course h2").bounding_box()["y"] < 900, "the finding is in sight"


@ways(Way(keys=True, width=2560, theme="dark", language=PSEUDO), SMALL_MOUSE)
def test_difficulty_is_tuned_with_its_effect_in_sight_and_taken_back(site: Site, way: Way) -> None:
    hands = site.at(f"/patients/{site.patients['Milo Adeyemi-Brandt']}/tune", "maja", way)
    page = hands.page
    versions = page.locator(".history li").count()
    before = page.locator("#asked").inner_text()
    field = page.get_by_role("textbox", name=hands.said("Ceiling")).first
    handle = page.get_by_role("slider", name=hands.said("Ceiling")).first
    hands.reach(handle) if way.keys else drag_to_level(page, handle)
    while way.keys and float(handle.get_attribute("aria-valuenow")) > 90:
        page.keyboard.press("PageDown")
    assert float(field.input_value()) == pytest.approx(90, abs=5)
    hands.write(field, "76")
    page.keyboard.press("ArrowDown")
    assert field.input_value() == "75"
    page.locator("#asked td.new").first.wait_for()
    assert page.locator("#asked").inner_text() != before
    assert page.locator("#summary").inner_text() != ""
    hands.write(page.locator("#why"), "He was so tired.")
    hands.go(page.get_by_role("button", name=hands.said("Save for next session")))
    page.locator(".saved[role=status]").wait_for()
    newest = page.locator(".history li").first.inner_text()
    assert "He was so tired." in newest
    assert "75°" in newest
    assert "Maja Bergström" in newest
    hands.go(page.get_by_role("button", name=hands.said("Undo the last change")))
    expect(page.locator(".history li")).to_have_count(versions + 2)
    assert page.get_by_role("textbox", name=hands.said("Ceiling")).first.input_value() == ""


def drag_to_level(page: Any, handle: Any) -> None:
    """Pull the handle of a dial to where the arm is level, with the button of the mouse held."""
    handle.scroll_into_view_if_needed()
    start = handle.locator("circle").bounding_box()
    joint = page.locator("#figure").evaluate("""figure => {
        const at = new DOMPoint(figure.dataset.x, figure.dataset.y).matrixTransform(figure.getScreenCTM());
        return [at.x, at.y, Number(figure.dataset.left) ? -1 : 1];
    }""")
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(joint[0] + joint[2] * 80, joint[1] - 80, steps=4)
    page.mouse.move(joint[0] + joint[2] * 110, joint[1], steps=4)
    page.mouse.up()


@ways(SMALL_KEYS, WIDE_MOUSE)
def test_a_patient_is_added_and_their_programme_planned_copied_and_printed(site: Site, way: Way) -> None:
    hands = site.at("/patients", "maja", way)
    page = hands.page
    hands.go(page.get_by_role("link", name=hands.said("Add a patient")))
    hands.write(page.locator("#name"), f"{LONG} ({way})")
    hands.write(page.locator("#born"), "1990")
    hands.pick(page.locator("#template"), 2)
    hands.go(page.get_by_role("button", name=hands.said("Add, and go on to the plan")))
    page.wait_for_url("**/plan?*")
    hands.go(page.locator("details.edit summary").first)
    day = page.locator("[name='practice-0-day.sun']")
    planned = page.locator("#weeks td.planned").count()
    hands.go(day)
    expect(page.locator("#weeks td.planned")).not_to_have_count(planned)
    add(hands, "Add a goal", "goal-0", words=f"Walk to the shop ({way})")
    add(hands, "Add a precaution", "precaution-0", most="165", until="12122031", reason="cuff repair", by="Dr Okafor")
    hands.pick(page.locator("[name='precaution-0-movement']"), 1)
    add(hands, "Pause the programme", "pause-0", since="01012031", until="07072031", reason="at the sea")
    hands.write(page.locator("#why"), f"The first one, {way}")
    save = page.get_by_role("button", name=hands.said("Save for next session"))
    hands.go(save)
    assert "90°" in page.locator("details:has([name='precaution-0-most'])").get_by_role("alert").inner_text()
    hands.write(page.locator("[name='precaution-0-most']"), "65")
    hands.go(save)
    page.wait_for_url("**saved=*")
    assert page.locator(".chip.bar").first.inner_text().strip() != ""
    hands.go(page.get_by_role("button", name=hands.said("Copy from another patient")))
    page.locator("#other").wait_for()
    hands.go(page.get_by_role("button", name=hands.said("Copy it")))
    page.locator("#effects li").first.wait_for()
    assert page.locator("[name='goal-0-words']").input_value() == f"Walk to the shop ({way})", "goals are one's own"
    hands.go(page.get_by_role("link", name=hands.said("For the family")))
    assert f"Walk to the shop ({way})" in page.locator("main.paper").inner_text()


def add(hands: Hands, button: str, entry: str, **texts: str) -> None:
    """Add an entry to a plan, and fill in its fields."""
    if not hands.page.locator(f"[name^='{entry}-']").count():
        hands.go(hands.page.get_by_role("button", name=hands.said(button)))
        expect(hands.page.locator(f"#{entry}")).to_be_in_viewport()
    for key, text in texts.items():
        field = hands.page.locator(f"[name='{entry}-{key}']")
        field.wait_for(state="attached")
        hands.write(field, text)


@ways(KEYS, Way(width=2560, language=OTHER))
def test_progress_is_watched_replayed_and_compared(site: Site, way: Way) -> None:
    hands = site.at(f"/patients/{site.patients['Rosa Lindqvist']}", "maja", way)
    page = hands.page
    finding = page.locator("#course h2").inner_text()
    hands.go(page.get_by_role("navigation", name=hands.said("Movement")).locator("a:not([aria-current])").first)
    page.wait_for_url("**of=*")
    assert page.locator("#course h2").inner_text() != finding
    hands.go(page.get_by_role("link", name=hands.said("Sessions"), exact=True))
    page.wait_for_url("**/sessions")
    boxes = page.get_by_role("checkbox")
    hands.go(boxes.nth(1))
    hands.go(boxes.nth(2))
    hands.go(page.get_by_role("button", name=hands.said("Compare")))
    page.wait_for_url("**/compare?*")
    hands.go(page.locator("table.compared thead a").first)
    page.wait_for_url("**/sessions/*")
    slider = page.locator(".replay input[type=range]").first
    if way.keys:
        hands.reach(slider)
        for _ in range(12):
            page.keyboard.press("ArrowRight")
    else:
        slider.click()
    expect(page.locator(".replay .skeleton").first).to_be_visible()
    expect(page.locator(".replay output").first).not_to_have_text("0.0 s")
    hands.go(page.locator(".replay .play").first)
    expect(page.locator(".replay .play.playing")).to_have_count(1)


@ways(SMALL_KEYS, MOUSE)
def test_a_therapist_writes_and_the_patient_answers_on_a_telephone(site: Site, way: Way) -> None:
    hands = site.at("/messages", "maja", way)
    page, text = hands.page, f"How is the shoulder? ({way})"
    hands.go(page.get_by_role("link", name="Rosa Lindqvist"))
    hands.write(page.locator("#text"), text)
    hands.go(page.get_by_role("radio").nth(2))
    hands.pick(page.locator("#session"), 1)
    hands.go(page.get_by_role("button", name=hands.said("Send")))
    page.wait_for_url("**sent*")
    rosa = site.at("/", "rosa", way._replace(width=390))
    rosa.go(rosa.page.get_by_role("link", name=rosa.said("Messages")))
    rosa.page.wait_for_url("**/messages")
    asked = rosa.page.locator("article").filter(has_text=text)
    assert asked.get_by_role("link", name="session").count() == 0, "a family has no way to the clinic's pages"
    answer = asked.get_by_role("button").first
    words = answer.inner_text()
    rosa.go(answer)
    expect(rosa.page.locator("article.mine").last).to_contain_text(words)
    page.reload()
    expect(page.locator("article.waits").last).to_contain_text(words)
    expect(page.locator("article.mine").filter(has_text=text).locator(".state")).to_contain_text("Rosa Lindqvist")
    hands.go(page.get_by_role("button", name=hands.said("I have read it")))
    expect(page.locator("article.waits")).to_have_count(0)


@ways(ZOOMED_KEYS, Way())
def test_a_note_is_handed_over(site: Site, way: Way, tmp_path: Path) -> None:
    hands = site.at(f"/patients/{site.patients['Rosa Lindqvist']}/report", "maja", way)
    page = hands.page
    hands.go(page.locator("summary").filter(has_text=hands.said("The text, to copy")))
    assert page.locator("textarea.copy").input_value().startswith("Rosa Lindqvist")
    hands.write(page.locator("#own"), "The shoulder gains.")
    pdf = downloaded(hands, page.get_by_role("button", name=hands.said("Save as PDF")), tmp_path)
    assert pdf.startswith(b"%PDF")
    assert b"Rosa Lindqvist" in pdf
    text = downloaded(hands, page.get_by_role("button", name=hands.said("Save as text")), tmp_path)
    assert "The shoulder gains." in text.decode()
    assert b'"Bundle"' in downloaded(hands, page.locator("a[href$='/fhir']"), tmp_path)
    csv = page.locator("a[href$='/export/csv']")
    if way.keys:
        hands.reach(csv)
    else:  # the file takes seconds
        assert any(name.endswith(".csv") for name in ZipFile(BytesIO(downloaded(hands, csv, tmp_path))).namelist())


@ways(KEYS, Way(width=320, theme="dark"))
def test_a_clinic_is_run(site: Site, way: Way, tmp_path: Path) -> None:
    hands = site.at("/accounts", "ana", way)
    page, login = hands.page, f"new-{way}"
    hands.write(page.locator("#name"), "Olu Balogun")
    hands.write(page.locator("#login"), login)
    hands.go(page.locator("form:has(#login) button"))
    assert "-" in page.locator(".code.large").inner_text()
    hands.go(page.get_by_role("link", name=hands.said("Clinic")).first)
    hands.pick(page.locator("#patient"), 1)
    hands.go(page.get_by_role("button", name=hands.said("Show a code")))
    expect(page.locator(".qr svg")).to_be_visible()
    hands.go(page.get_by_role("link", name=hands.said("Done")))
    hands.go(page.get_by_role("link", name=hands.said("Hand over or erase a person's data")))
    hands.go(page.get_by_role("link", name="Henrik Sørås"))
    with ZipFile(
        BytesIO(downloaded(hands, page.get_by_role("button", name=hands.said("Make the file")), tmp_path))
    ) as all_:
        assert len(all_.namelist()) > 5
    auditor = site.at("/audit", "tove", way)
    auditor.pick(auditor.page.locator("#actor"), 1)
    auditor.go(auditor.page.get_by_role("button", name=hands.said("Show")))
    auditor.page.wait_for_url("**actor=*")
    assert auditor.page.locator(".rows li").count() > 0


@pytest.mark.parametrize(
    ("width", "tabs"), [(320, ("", "/plan", "/messages")), (1280, ("/tune", "/sessions", "/report"))], ids=str
)
def test_the_tab_key_comes_to_the_end_of_a_page_and_each_stop_is_seen(
    site: Site, width: int, tabs: tuple[str, ...]
) -> None:
    hands = site.at("/today", "maja", Way(width=width))
    page = hands.page
    for path in ("/today", *(f"/patients/{site.patients['Rosa Lindqvist']}{tab}" for tab in tabs)):
        page.goto(site.url + path)
        stops = list(hands.stops())
        assert len(stops) > 15, path
        assert [wrong for wrong in stops if wrong] == [], path


def test_the_first_key_leads_past_the_navigation(site: Site) -> None:
    page = site.at("/today", "maja").page
    page.keyboard.press("Tab")
    assert page.get_by_role("link", name="To the content").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_forms_work_without_a_script(site: Site) -> None:
    hands = site.at(f"/patients/{site.patients['Henrik Sørås']}/tune", "maja", Way(scripts=False))
    page = hands.page
    before = page.locator("#asked").inner_text()
    page.locator("#f-success").evaluate("slider => { slider.value = 95 }")
    page.get_by_role("button", name="Show what this asks").last.click()
    assert page.locator("#asked").inner_text() != before
    page.get_by_role("button", name="Save for next session").click()
    assert page.locator(".saved[role=status]").count() == 1
    page.get_by_role("link", name="Sessions", exact=True).click()
    page.locator("table.visits td.what a").first.click()
    page.locator(".replay input[type=range]").first.evaluate("slider => { slider.value = 1 }")
    page.get_by_role("button", name="Show this moment").first.click()
    assert page.locator(".replay .skeleton").count() == 2
    page.get_by_role("link", name="Messages", exact=True).first.click()
