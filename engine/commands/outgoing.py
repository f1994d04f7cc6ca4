"""What playing has to do with delivery: it starts one behind the person's back, and tells how the last ones stand."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.scene import Line


def sessions_of(folder: Path) -> Path:
    """Where sessions lie for a folder that somebody names: that in which they are looked for to be delivered."""
    from server_sync.client.home import home_of

    return home_of(folder).sessions


def send(sessions: Path) -> None:
    """Deliver what is finished in a process of its own, at the lowest priority, where a clinic has enrolled a folder.

    It stays until all is delivered; where one does already, that one looks once more.
    """
    from server_sync.client.home import DEVICE, home_of

    if (home_of(sessions).clinic / DEVICE).is_file():
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            calmly = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.IDLE_PRIORITY_CLASS
            apart = {"creationflags": calmly}
        command = [sys.executable, "-P", "-m", "steadyreach", "sync", "--gently", "--folder", str(sessions.absolute())]
        nothing = subprocess.DEVNULL
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, **apart)  # noqa: S603 (this program)


def no_room(sessions: Path) -> str:
    """Why no recording can be begun because of what waits to be delivered, in a sentence; "" where one can."""
    from server_sync.client.budget import no_room as reason
    from server_sync.client.home import home_of

    return reason(home_of(sessions))


def lobby_line(sessions: Path) -> Line | None:
    """One calm line for who is about to play on an enrolled computer; None on any other."""
    from server_sync.client.home import DEVICE, home_of
    from server_sync.client.status import standing

    home = home_of(sessions)
    if not (home.clinic / DEVICE).is_file():
        return None
    now = standing(home)
    aside, waiting = len(now.set_aside), len(now.waiting)
    if aside:
        return Line("clinic.one_set_aside") if aside == 1 else Line("clinic.some_set_aside", (str(aside),))
    if waiting:
        return Line("clinic.one_waits") if waiting == 1 else Line("clinic.some_wait", (str(waiting),))
    return Line("clinic.all_there")
