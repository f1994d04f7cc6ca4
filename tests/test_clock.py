"""The clock of a device against that of its clinic: an offset with a bound that holds, whatever is set meanwhile."""

import random

import pytest

from server_sync.client.clock import Clocks

S = 1_000_000_000


class Times:
    """Two clocks of a device that are moved by hand, and the clinic's, `ahead_ns` of the first."""

    def __init__(self, ahead_ns: int) -> None:
        self.wall, self.monotonic, self.ahead_ns = 1_800_000_000 * S, 5 * S, ahead_ns
        self.clocks = Clocks(lambda: self.wall, lambda: self.monotonic)

    def pass_ns(self, length: int) -> None:
        """Let time go by."""
        self.wall += length
        self.monotonic += length

    def exchange(self, there_ns: int, work_ns: int, back_ns: int) -> None:
        """One question and its answer."""
        sent = self.clocks.now()
        self.pass_ns(there_ns)
        received = self.wall + self.ahead_ns
        self.pass_ns(work_ns)
        replied = self.wall + self.ahead_ns
        self.pass_ns(back_ns)
        self.clocks.heard(sent, received, replied)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ahead_s", [0, 3, -86_400, 86_400])
def test_the_offset_is_within_its_bound(seed: int, ahead_s: int) -> None:
    rng, times = random.Random(seed), Times(ahead_s * S)
    for _ in range(20):
        times.exchange(rng.randrange(S), rng.randrange(S), rng.randrange(S))
    best = times.clocks.best()
    assert best is not None
    assert abs(best.offset_s - ahead_s) <= best.within_s + 1e-6


def test_the_quickest_exchange_counts() -> None:
    times = Times(0)
    for there_ns in (S, S // 100, S // 2):
        times.exchange(there_ns, 0, 0)
    best = times.clocks.best()
    assert best is not None
    assert best.within_s == pytest.approx(0.005, abs=1e-4)


@pytest.mark.parametrize("jump_s", [86_400, -86_400, 3600, -3600])
def test_what_was_measured_before_the_clock_was_set_counts_no_more(jump_s: int) -> None:
    times = Times(0)
    times.exchange(0, 0, 0)
    times.wall += jump_s * S
    assert times.clocks.best() is None
    times.ahead_ns = -jump_s * S
    times.exchange(S // 10, 0, 0)
    best = times.clocks.best()
    assert best is not None
    assert best.offset_s == pytest.approx(-jump_s, abs=best.within_s + 1e-6)


@pytest.mark.parametrize(("received_ns", "replied_ns"), [(10, 5), (0, 10 * S), (-(10**30), 10**30)])
def test_times_that_cannot_be_true_are_left_out(received_ns: int, replied_ns: int) -> None:
    times = Times(0)
    times.clocks.heard(times.clocks.now(), received_ns, replied_ns)
    assert times.clocks.best() is None
