"""How far the next trial shall go, and why: the wish of whoever follows a limit, within every bound."""

import math

from engine.limits import Limits, OutsideEnvelope, beside
from engine.movements import LEANS, MOVEMENTS, along_ellipse
from engine.records import Limit, Request

COARSE = 20.0  # from here on words have no decimals


class Asking(Limits):
    """The limits of one person, and what is asked for next within them."""

    def request(self, movement: str) -> Request:
        """What to ask next: the difficulty's wish, raised to the floor and then lowered to every bound.

        An open effort (`inf`) becomes the cap, for whoever cannot show a stop line. Raises OutsideEnvelope where
        nothing was measured, or where the wish is no number.
        """
        cap, wish = self.at_most(movement), self._wish(movement)
        if math.isnan(wish.amplitude) or wish.amplitude < 0:
            raise OutsideEnvelope(f"{movement}: {wish.amplitude} was wished for, so that nothing is asked")
        floor, rise = self._floors.get(movement, 0.0), self._rises.get(movement, math.inf)
        if wish.amplitude < floor:
            wish = _instead(wish, floor, "FLOOR", "the least that is asked, by the preset")
        if wish.amplitude > rise:
            percent = self._adaptation.rise_per_session_percent
            wish = _instead(wish, rise, "NEAR_BEST", f"no more than {percent:g} % beyond last time")
        if wish.amplitude > cap.value:
            code = "CALIBRATION" if wish.amplitude == math.inf else "CEILING"
            wish = _instead(wish, cap.value, code, f"no further than {cap.why}")
        self._asked[movement] = wish.amplitude
        return wish

    def centred(self, request: Request, tolerance: float) -> tuple[Request, float]:
        """A target that counts from `tolerance` before its centre: the request, and where the centre goes.

        The request is where it begins to count. The centre stays within the cap; where that brings the target
        nearer, the request says so.
        """
        cap = self.at_most(request.movement)
        centre = request.amplitude + tolerance
        if centre <= cap.value:
            return request, centre
        amplitude = round(max(0.0, cap.value - tolerance), 3)
        self._asked[request.movement] = amplitude
        why = f"the target's middle is at {_amount(cap.value, request.unit)}, {cap.why}"
        return _instead(request, amplitude, "CEILING", why), cap.value

    def learn(self, request: Request, achieved: float | None, success: bool) -> Limit | None:
        """Take in a finished trial; returns the estimate after it, None of a movement that nobody follows."""
        difficulty = self._difficulties.get(request.movement)
        if difficulty is None:
            return None
        difficulty.update(request.amplitude, achieved, success)
        return difficulty.limit()

    def _wish(self, movement: str) -> Request:
        """What the difficulty asks for; of a diagonal lean that nobody follows, what it asks for beside it."""
        if movement in self._difficulties:
            return self._next(movement)
        between = beside(LEANS[movement]) if movement in LEANS else [movement]
        if any(name not in self._difficulties for name in between):
            raise OutsideEnvelope(f"nothing follows {movement}: calibrate before a game asks for it")
        most = along_ellipse(LEANS[movement], {name: self._next(name).amplitude for name in between})
        titles = " and ".join(MOVEMENTS[name].title for name in between)
        reason = f"{_amount(most, 'deg')}: between what is asked {titles}"
        return Request(movement, round(most, 3), "deg", "UNSURE", reason)

    def _next(self, movement: str) -> Request:
        try:
            return self._difficulties[movement].next_amplitude()
        except Exception as fault:
            raise OutsideEnvelope(f"{movement}: nobody knows how far to ask for it, because of {fault!r}") from fault


def _instead(request: Request, value: float, code: str, why: str) -> Request:
    return Request(request.movement, value, request.unit, code, f"{_amount(value, request.unit)}: {why}")


def _amount(value: float, unit: str) -> str:
    return f"{value:.{0 if value >= COARSE else 1}f}{'°' if unit == 'deg' else f' {unit}'}"
