"""How a visit begins and ends at a desk."""

import subprocess
import sys

import pytest
from visits import calibration

from engine import words
from engine.commands.doors import ANYBODY
from engine.commands.wishes import stature_of, without_headset
from engine.patient import PatientRecord
from engine.plan import END, FOR_THE_ADULT, START, WELCOME


def test_who_has_no_headset_is_not_told_to_put_one_on():
    hello, *others = without_headset((FOR_THE_ADULT, START, WELCOME, END))
    assert others == [WELCOME, END]
    assert (hello.kind, hello.seconds, hello.place) == (START.kind, START.seconds, START.place)
    said = [words.load().say(line) for line in hello.panel.text]
    assert not [line for line in said if "headset" in line]
    words.load().require(hello.panel.text)


def test_a_body_is_as_tall_as_was_measured_and_else_as_anybody():
    known = PatientRecord(patient="p", calibration=calibration())
    assert stature_of(known) == pytest.approx(1.6 / 0.936)
    assert stature_of(PatientRecord(patient="p")) == stature_of(None) == ANYBODY.stature_m


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_session_ends_as_by_ctrl_c_when_its_terminal_is_closed(name: str):
    program = (
        "import os, signal, time\nfrom engine.commands.play import ends_as_by_ctrl_c\nends_as_by_ctrl_c()\n"
        f"try:\n    os.kill(os.getpid(), signal.{name})\n    time.sleep(10)\n"
        "except KeyboardInterrupt:\n    print('kept')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "kept\n"
