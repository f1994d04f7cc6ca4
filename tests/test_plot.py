"""`steadyreach plot`: pictures of what a file holds, with the numbers that `measure` gives written on them."""

import math
from pathlib import Path

import numpy as np
import pytest
from commands import entered
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from engine.commands.dials import Arm, Dial, range_picture
from engine.commands.drawing import Profile, Ray, reach_picture, styled, sway_picture, write
from engine.commands.plot import plot
from engine.formats.files import read
from engine.metrics.balance import sway
from engine.metrics.definition import NotMeasurable
from engine.recording import Recorded, Writer

RATE_HZ = 50.0


def texts(figure: Figure) -> str:
    return "\n".join(found.get_text() for found in figure.findobj(Text))


def wandering(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    steps = np.random.default_rng(4).normal(0, 4e-4, (2, round(seconds * RATE_HZ)))
    ml_m, ap_m = np.cumsum(steps, axis=1)
    return ml_m, ap_m


def dials() -> list[Dial]:
    bent = Arm("flexion", 31.4, -1, 2.1, 45.0), Arm("extension", math.nan, 1)
    return [
        Dial("Neck", "from the right", False, bent),
        Dial("Left shoulder", "from behind", True, [Arm("raised", 120, -1)]),
    ]


def test_a_stabilogram_says_what_was_measured() -> None:
    ml_m, ap_m = wandering(30)
    found = sway(ml_m, ap_m, RATE_HZ)
    said = texts(sway_picture(ml_m, ap_m, RATE_HZ, "Head sway, 30 s"))
    assert "Head sway, 30 s" in said
    assert f"Mean velocity {1000 * found.mean_velocity_mps:.1f} mm/s" in said
    assert f"95 % prediction ellipse (dashed) {1e6 * found.ellipse_area_m2:.0f} mm²" in said


def test_the_drawn_ellipse_holds_95_percent_of_normal_sway_and_has_its_area() -> None:
    ml_m, ap_m = np.random.default_rng(2).multivariate_normal((0, 0), ((4e-6, 3e-6), (3e-6, 9e-6)), 4000).T
    figure = sway_picture(ml_m, ap_m, RATE_HZ, "")
    ring = next(line for line in figure.subfigs[0].axes[0].lines if line.get_linestyle() == "--")
    right, ahead = ring.get_data()
    area_mm2 = 0.5 * abs(np.sum(right[1:] * ahead[:-1] - right[:-1] * ahead[1:]))
    spread = np.linalg.inv(np.cov(1000 * ml_m, 1000 * ap_m))
    places = np.stack([right, ahead])
    assert area_mm2 == pytest.approx(1e6 * sway(ml_m, ap_m, RATE_HZ).ellipse_area_m2, rel=1e-3)
    assert np.einsum("in,ij,jn->n", places, spread, places) == pytest.approx(5.99, rel=0.01)


def test_a_short_stretch_has_no_spectrum_and_says_why() -> None:
    assert "None: " in texts(sway_picture(*wandering(4), RATE_HZ, "short"))


def test_arcs_say_angles_errors_and_what_was_not_measured() -> None:
    said = texts(range_picture(dials(), "somebody"))
    assert "flexion 31° ± 2" in said
    assert "extension: not measured" in said
    assert "Left shoulder, from behind" in said


def test_a_left_arm_is_drawn_on_the_left() -> None:
    axes = range_picture(dials(), "").axes[1]
    wedge = axes.patches[1]
    assert (wedge.theta1, wedge.theta2) == (-90 - 120, -90)


def test_a_star_has_a_ray_for_each_direction_seen() -> None:
    time_s = np.linspace(0, 1, 50)
    rays = {"left hand": [Ray(0, 0.6), Ray(270, 0.4)], "right hand": [Ray(90, 0.5)]}
    figure = reach_picture(rays, [Profile("right hand", time_s, np.sin(np.pi * time_s), 1.0)], "somebody")
    star = figure.subfigs[0].axes[0]
    assert [len(found.get_offsets()) for found in star.collections if isinstance(found, PathCollection)] == [2, 1]
    assert "Speed, 1 reach\n" in texts(figure) + "\n"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_picture_is_written_alike_twice(tmp_path: Path, suffix: str) -> None:
    with styled():
        for name in ("a", "b"):
            write(range_picture(dials(), "somebody"), tmp_path / f"{name}.{suffix}")
    content = (tmp_path / f"a.{suffix}").read_bytes()
    assert len(content) > 4000
    assert content == (tmp_path / f"b.{suffix}").read_bytes()


def test_each_kind_that_a_recording_holds_becomes_a_picture(tmp_path: Path, replay_file: Path) -> None:
    done = entered(["plot", replay_file, "--folder", tmp_path / "pictures"], tmp_path)
    assert done.code == 0, done.err
    written = [Path(line) for line in done.out.split()]
    assert [path.name for path in written] == ["simsaber_motion-rom.png", "simsaber_motion-reach.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_plates_file_becomes_a_stabilogram(tmp_path: Path, data: Path) -> None:
    path = data / "bds_stabilograms" / "trials" / "BDS00001.csv.gz"
    assert plot(path, tmp_path, ("sway", "rom", "reach"), "svg") == [tmp_path / "BDS00001-sway.svg"]
    with pytest.raises(NotMeasurable, match=r"nothing to draw .*no orientations.*; there are no places"):
        plot(path, tmp_path, ("rom", "reach"))


def table(path: Path, names: str, columns: np.ndarray) -> Path:
    np.savetxt(path, columns, delimiter=",", header=names, comments="")
    return path


def test_many_markers_of_which_one_was_never_seen_become_a_picture_of_the_fastest(tmp_path: Path) -> None:
    time_s = np.arange(0, 3, 0.01)
    speeds = np.arange(31)
    places = [speed * 0.05 * np.sin(time_s) for speed in speeds for _ in "xyz"]
    places[0:3] = [np.full(len(time_s), np.nan)] * 3
    names = ",".join(["time_s", *(f"m{number}_{axis}_m" for number in speeds for axis in "xyz")])
    path = table(tmp_path / "marks.2.csv", names, np.column_stack([time_s, *places]))
    assert plot(path, tmp_path, ("reach",), "svg") == [tmp_path / "marks.2-reach.svg"]
    assert "m0" not in (legend := path.with_name("marks.2-reach.svg").read_text(encoding="utf-8"))
    assert "the 6 fastest of 30 points" in legend


def test_a_folder_is_called_by_its_name_however_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replay_file: Path
) -> None:
    (tmp_path / "visit.7").mkdir()
    (tmp_path / "visit.7" / "frames.vrec").write_bytes(_as_recording(replay_file, tmp_path))
    monkeypatch.chdir(tmp_path / "visit.7")
    assert plot(Path(), tmp_path, ("rom",)) == [tmp_path / "visit.7-rom.png"]


def _as_recording(replay: Path, folder: Path) -> bytes:
    found = read(replay)
    assert isinstance(found, Recorded)
    with Writer(folder / "frames.vrec", {}) as writer:
        for row in found.rows[:2000]:
            writer.write(row.tobytes())
    return (folder / "frames.vrec").read_bytes()


def test_errors_of_a_headset_stand_beside_its_numbers_and_not_beside_a_plates() -> None:
    ml_m, ap_m = wandering(30)
    assert " ± " in texts(sway_picture(ml_m, ap_m, RATE_HZ, "", with_errors=True))
    assert " ± " not in texts(sway_picture(ml_m, ap_m, RATE_HZ, ""))


def test_rays_of_two_hands_in_one_direction_are_both_seen() -> None:
    figure = reach_picture({"left hand": [Ray(0, 0.5)], "right hand": [Ray(0, 0.5)]}, [], "somebody")
    places = [found.get_offsets()[0] for found in figure.subfigs[0].axes[0].collections if len(found.get_offsets())]
    assert places[0].tolist() != places[-1].tolist()
    assert "No reach from rest to rest was seen." in texts(figure)


def test_a_folder_that_cannot_hold_pictures_is_named(tmp_path: Path, replay_file: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = entered(["plot", replay_file, "--folder", tmp_path / "taken"], tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "taken cannot hold pictures" in done.err
