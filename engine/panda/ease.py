"""What changes gently, by the time of the frames: something that plays once, and numbers that follow others."""

import math

FADES_S, STAYS_S = 0.25, 0.35


class Burst:
    """Something short that plays once, from the first image after `begin`."""

    def __init__(self, lasts_s: float) -> None:
        """Make one that is over."""
        self._lasts_s = lasts_s
        self._begun_s: float | None = -math.inf

    def begin(self) -> None:
        """Play it from now on."""
        self._begun_s = None

    def end(self) -> None:
        """Leave off."""
        self._begun_s = -math.inf

    def share(self, time_s: float) -> float:
        """How much of it has gone: 0 when it begins, and 1 when it is over."""
        if self._begun_s is None:
            self._begun_s = time_s
        return min(1.0, max(0.0, (time_s - self._begun_s) / self._lasts_s))


class Follower:
    """A number that comes nearer to its goal: a third of the way is left after `settle_s`.

    It is at its goal when it begins, and again after `jump`.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._time_s, self.value = math.nan, math.nan

    def jump(self) -> None:
        """Be at the goal in the next image."""
        self.value = math.nan

    def follow(self, goal: float, time_s: float) -> float:
        """Where it is now; time that goes back counts as none."""
        if math.isnan(self.value):
            self.value = goal
        else:
            gone_s = max(0.0, time_s - self._time_s)
            self.value = goal + (self.value - goal) * math.exp(-gone_s / self._settle_s)
        self._time_s = time_s
        return self.value


class Presence:
    """How much of something is there, from 0 to 1: it comes at once and goes late, each over `FADES_S`.

    It goes only after it was away for `STAYS_S`, so what comes and goes however often cannot flash more than three
    times a second (WCAG 2.2, 2.3.1). It is at its goal when it begins.
    """

    def __init__(self) -> None:
        self._time_s, self._goal, self._away_s, self.value = math.nan, math.nan, 0.0, math.nan

    def follow(self, goal: float, time_s: float) -> float:
        """How much of it is there now; time that goes back counts as none."""
        if math.isnan(self.value):
            self.value = self._goal = goal
        else:
            gone_s = max(0.0, time_s - self._time_s)
            self._away_s = self._away_s + gone_s if goal < self._goal else 0.0
            if goal > self._goal or self._away_s >= STAYS_S:
                self._goal = goal
            most = gone_s / FADES_S
            self.value += min(max(self._goal - self.value, -most), most)
        self._time_s = time_s
        return self.value


def smooth(share: float) -> float:
    """A share of a way, from 0 to 1, as a movement that starts and ends at rest."""
    return share * share * (3 - 2 * share)
