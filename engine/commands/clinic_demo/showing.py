"""A demo clinic that is served: how to get in, and its past, which comes about meanwhile."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event, Thread

from msgspec.structs import replace

from engine.commands.clinic_demo import CLINIC
from engine.commands.clinic_demo.cast import cast
from engine.commands.clinic_demo.making import LOGIN, STAFF, Demo, demo_in, keep_demo, make
from server_sync.clinic.codes import new_code


@contextmanager
def shown(folder: Path) -> Iterator[Callable[[str], None]]:
    """Gives what is to do once a server answers for `folder`/clinic: say how to get in, and make what is not there.

    What is there when this is left stays as it is. Raises server_sync.web.reach.CannotServe.
    """
    today, found, ended = date.today(), demo_in(folder), Event()
    demo = found or Demo(new_code(groups=4).lower(), today.isoformat())
    making = Thread(target=_make, args=(folder, demo, today, ended))

    def ready(url: str) -> None:
        if found is None:
            keep_demo(folder, demo)
            making.start()
        print(f"{_welcome(demo, found is None, today)}\nServing at {url}", flush=True)

    try:
        yield ready
    finally:
        ended.set()
        if making.ident is not None:
            making.join()


def _make(folder: Path, demo: Demo, today: date, ended: Event) -> None:
    def tell(how_far: str) -> None:
        print(how_far, flush=True)

    try:
        make(folder, cast(today), demo.password, today, tell=tell, stopped=ended.is_set)
    except Exception as reason:  # noqa: BLE001 - whatever it is, what is there can be looked at
        print(f"The demo clinic in {folder} was not made to its end: {reason!r}", file=sys.stderr, flush=True)
        return
    if not ended.is_set():
        keep_demo(folder, replace(demo, whole=True))
        print("The demo clinic is whole.", flush=True)


def _welcome(demo: Demo, new: bool, today: date) -> str:
    people = [each for person in cast(today) for each in person.relatives]
    others = ", ".join(
        [*(f"{login} ({role})" for login, (_, role) in STAFF.items() if login != LOGIN), *(p.login for p in people)]
    )
    lines = [
        f"This is a demo: everybody in {CLINIC} is invented, and simulated patients played what is there.",
        f"Log in as {LOGIN} with password {demo.password}",
        f"or, with the same one, as {others}.",
    ]
    if new:
        lines.append("Some months of visits are being played now, which takes minutes; look at them as they come.")
    elif demo.day != today.isoformat():
        lines.append(f"Its story ends on {demo.day}; remove its folder to have one that ends today.")
    return "\n".join(lines)
