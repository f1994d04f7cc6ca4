"""A row of a bench: what was measured, held against its bound.

Each row is `name, value, unit`, mostly a bound (`at_most` or `at_least`), the `peer` it is held against, and whether it
`holds`.
"""

import math
from typing import Any

Row = dict[str, Any]


def row(name: str, value: float, unit: str, peer: str, **bound: float) -> Row:
    """What was measured, held against its bound: `at_most`, `at_least`, or none when it is there to compare with."""
    holds = bound.get("at_least", -math.inf) <= value <= bound.get("at_most", math.inf)
    return {"name": name, "value": round(value, 4), "unit": unit, **bound, "peer": peer, "holds": bool(holds)}


def line(row: Row) -> str:
    """A row for people."""
    told = [f"{words} {row[key]:g}" for key, words in (("at_most", "at most"), ("at_least", "at least")) if key in row]
    bound, holds = ", ".join(told), ("holds" if row["holds"] else "DOES NOT HOLD") if told else ""
    return f"{row['name']:39} {row['value']:12,.3f} {row['unit']:14} {bound:18} {holds:14} {row['peer']}"
