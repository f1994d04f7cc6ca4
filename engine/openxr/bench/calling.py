"""What the OpenXR calls of a frame cost: as the headset makes them, in a loop in C, and through pyopenxr's wrappers.

The calls are those that the headset was seen to make between waiting for a frame and beginning it, and to place the
eyes. C gets the addresses of the same functions and the same arguments, and needs to know nothing of OpenXR.
"""

import contextlib
import ctypes
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import xr
from xr.exception import check_result

from engine.headset import HeadsetUnavailable
from engine.openxr.bench.boards import Boards
from engine.openxr.bench.monado import running
from engine.openxr.bench.watching import Functions, watch
from engine.openxr.headset import OpenXRHeadset
from engine.scene import Scene

_MOST_ARGUMENTS = 6
_LOOP = f"""
#include <stdint.h>
typedef uint64_t Word;
typedef int32_t (*Function)(Word, Word, Word, Word, Word, Word);
typedef struct {{ Word function, arguments[{_MOST_ARGUMENTS}]; }} Call;

/* Six integers travel in registers, and a function does not look at those that it does not know. */
int32_t make(const Call *calls, int32_t count, int32_t repeats)
{{
    int32_t worst = 0;
    while (repeats--)
        for (const Call *call = calls; call < calls + count; call++) {{
            const Word *a = call->arguments;
            int32_t result = ((Function)call->function)(a[0], a[1], a[2], a[3], a[4], a[5]);
            if (result < worst) worst = result;
        }}
    return worst;
}}

int32_t nothing(Word a, Word b, Word c) {{ return 0; }}
"""


class Call(NamedTuple):
    """One call of a frame: the function by OpenXR's name, and the numbers it was given."""

    name: str
    arguments: tuple[int, ...]


class Costs(NamedTuple):
    """Microseconds of the main thread for the calls of one frame, the best of some tries; and the calls by name.

    `read_us` is for the whole of what the headset does about them, `ours_us` for the calls alone. `empty_us` is for as
    many calls of a function that does nothing: with `c_us` it is the least that Python can do.
    """

    read_us: float
    ours_us: float
    c_us: float
    empty_us: float
    wrappers_us: float
    calls: list[str]


def costs(tries: int, repeats: int) -> Costs:
    """Measure the costs, each try within a frame of its own; raises HeadsetUnavailable."""
    with _playing() as (headset, functions), tempfile.TemporaryDirectory() as folder:
        frames = headset.frames()
        _focus(headset, frames)
        calls = _record(functions, _reading(headset))
        library = _built(Path(folder))
        ways = {
            "read_us": _repeated(_reading(headset), repeats),
            "ours_us": _repeated(_replaying([(functions[call.name], call.arguments) for call in calls]), repeats),
            "c_us": _loop(calls, functions, repeats, library),
            "empty_us": _repeated(_replaying([(_nothing(library), (1, 2, 3))] * len(calls)), repeats),
            "wrappers_us": _repeated(_wrapping(calls), repeats),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _, _ in zip(range(tries), frames, strict=False):
            for name, make in ways.items():
                started = time.thread_time_ns()
                make()
                best[name] = min(best[name], (time.thread_time_ns() - started) / repeats / 1000)
            headset.show(Scene(""))
        return Costs(**best, calls=[call.name for call in calls])


def _reading(headset: OpenXRHeadset) -> Callable[[], object]:
    """What the headset does between waiting and beginning, and to place the eyes."""
    link: Any = headset._link
    session, floor = link.session, link._floor

    def read() -> None:
        session._poll()
        link.read(session.display_ns, session.display_ns)
        session.locate(floor.at(session.display_ns))

    return read


def _record(functions: Functions, work: Callable[[], object]) -> list[Call]:
    made: list[Call] = []

    def hear(result: int, function: Any, arguments: tuple[int | None, ...]) -> int:
        made.append(Call(names[id(function)], tuple(value or 0 for value in arguments)))
        return result

    names = {id(function): name for name, function in functions.items()}
    for function in functions.values():
        function.errcheck = hear
    work()
    for function in functions.values():
        del function.errcheck
    return made


def _repeated(work: Callable[[], object], repeats: int) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(repeats):
            work()

    return repeat


def _replaying(calls: Sequence[tuple[Callable[..., int], tuple[int, ...]]]) -> Callable[[], None]:
    def replay() -> None:
        for function, arguments in calls:
            function(*arguments)

    return replay


def _built(folder: Path) -> Path:
    """The loop as a library; raises HeadsetUnavailable where there is no compiler."""
    source, library = folder / "loop.c", folder / "loop.so"
    source.write_text(_LOOP, "utf-8")
    try:
        subprocess.run(  # noqa: S603 (our own source)
            ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)],  # noqa: S607 (whichever is there)
            check=True,
        )
    except FileNotFoundError:
        raise HeadsetUnavailable("this bench builds a loop in C to compare with: install gcc and libc6-dev") from None
    return library


def _nothing(library: Path) -> Callable[..., int]:
    """A function that does nothing, called as those of OpenXR are."""
    function = ctypes.PyDLL(str(library)).nothing
    function.restype, function.argtypes = ctypes.c_int32, (ctypes.c_void_p,) * 3
    return function


def _loop(calls: Sequence[Call], functions: Functions, repeats: int, library: Path) -> Callable[[], None]:
    make = ctypes.CDLL(str(library)).make
    width = 1 + _MOST_ARGUMENTS
    words = (ctypes.c_uint64 * (width * len(calls)))()
    for number, call in enumerate(calls):
        where = ctypes.cast(functions[call.name], ctypes.c_void_p).value or 0
        words[number * width : number * width + 1 + len(call.arguments)] = [where, *call.arguments]

    def loop() -> None:
        if make(words, len(calls), repeats) < 0:
            raise HeadsetUnavailable("an OpenXR call of the loop in C failed: is monado-service of the same version?")

    return loop


def _wrapping(calls: Sequence[Call]) -> Callable[[], None]:
    """The same calls through pyopenxr as its examples make them, each with a request of its own."""
    instance = next(call.arguments[0] for call in calls if call.name == "xrPollEvent")
    owned = ctypes.cast(instance, xr.Instance)
    bound = [_WRAPPERS[call.name](owned, *call.arguments) for call in calls]

    def wrap() -> None:
        for work in bound:
            work()

    return wrap


def _poll(instance: xr.Instance, *_: int) -> Callable[[], object]:
    def poll() -> None:
        with contextlib.suppress(xr.EventUnavailable):
            xr.poll_event(instance)

    return poll


def _locate_space(_: xr.Instance, space: int, base: int, time_ns: int, *_more: int) -> Callable[[], object]:
    first, second = ctypes.cast(space, xr.Space), ctypes.cast(base, xr.Space)
    return lambda: xr.locate_space(first, second, time_ns)


def _of_session(wrapper: Callable[..., object], structure: Any, *fields: str) -> Callable[..., Callable[[], object]]:
    def bind(_: xr.Instance, session: int, request: int, *_more: int) -> Callable[[], object]:
        owned, asked = ctypes.cast(session, xr.Session), structure.from_address(request)
        values = {name: getattr(asked, name) for name in fields}
        return lambda: wrapper(owned, structure(**values))

    return bind


def _locate_joints(instance: xr.Instance, tracker: int, request: int, *_more: int) -> Callable[[], object]:
    """As its wrapper does it, but with room for the joints: without, every runtime refuses."""
    owned, asked = ctypes.cast(tracker, xr.HandTrackerEXT), xr.HandJointsLocateInfoEXT.from_address(request)
    space, time_ns = asked.base_space, asked.time

    def locate() -> None:
        joints = (xr.HandJointLocationEXT * xr.HAND_JOINT_COUNT_EXT)()
        found = xr.HandJointLocationsEXT(joint_locations=joints)
        address = xr.get_instance_proc_addr(instance, "xrLocateHandJointsEXT")
        function = ctypes.cast(address, xr.PFN_xrLocateHandJointsEXT)
        result = check_result(function(owned, xr.HandJointsLocateInfoEXT(space, time_ns), ctypes.byref(found)))
        if result.is_exception():
            raise result

    return locate


_STATE = (xr.ActionStateGetInfo, "action", "subaction_path")
_WRAPPERS: dict[str, Callable[..., Callable[[], object]]] = {
    "xrPollEvent": _poll,
    "xrSyncActions": _of_session(xr.sync_actions, xr.ActionsSyncInfo, "active_action_sets"),
    "xrGetActionStateBoolean": _of_session(xr.get_action_state_boolean, *_STATE),
    "xrGetActionStateFloat": _of_session(xr.get_action_state_float, *_STATE),
    "xrLocateHandJointsEXT": _locate_joints,
    "xrLocateSpace": _locate_space,
    "xrLocateViews": _of_session(
        xr.locate_views, xr.ViewLocateInfo, "view_configuration_type", "display_time", "space"
    ),
}


class Waits(NamedTuple):
    """Milliseconds at the 99th percentile that xrLocateViews takes while another Python thread is busy.

    `ours_ms` keeps the interpreter's lock, `released_ms` gives it back in each call, as `ctypes.CDLL` does.
    """

    ours_ms: float
    released_ms: float


def waits(tries: int, frames: int, calls_a_frame: int = 25) -> Waits:
    """Measure both in turns, as many calls a frame as the headset makes, and take the best of some tries.

    Raises HeadsetUnavailable.
    """
    with _playing() as (headset, functions):
        given = headset.frames()
        _focus(headset, given)
        (call,) = [call for call in _record(functions, _reading(headset)) if call.name == "xrLocateViews"]
        kept = functions[call.name]
        released = ctypes.CFUNCTYPE(ctypes.c_int32, *kept.argtypes)(ctypes.cast(kept, ctypes.c_void_p).value or 0)
        best_ms = [float("inf")] * 2
        with _busy():
            for number in range(2 * tries):
                function, spent_s = (kept, released)[number % 2], []
                for _ in islice(given, frames):
                    spent_s += [_once_s(function, call.arguments) for _ in range(calls_a_frame)]
                    headset.show(Scene(""))
                best_ms[number % 2] = min(best_ms[number % 2], sorted(spent_s)[len(spent_s) * 99 // 100] * 1000)
        return Waits(*best_ms)


def _once_s(function: Callable[..., int], arguments: tuple[int, ...]) -> float:
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def _playing() -> Iterator[tuple[OpenXRHeadset, Functions]]:
    with running():
        functions = watch()
        headset = OpenXRHeadset(Boards)
        try:
            yield headset, functions
        finally:
            headset.close()


def _focus(headset: OpenXRHeadset, frames: Iterator[Any]) -> None:
    for frame in frames:
        headset.show(Scene(""))
        if frame.focused and frame.head.valid:
            break
    next(frames)
