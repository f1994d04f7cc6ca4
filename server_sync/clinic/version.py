"""Which software this is, as the two sides tell each other."""

from importlib.metadata import version

SOFTWARE = f"steadyreach {version('steadyreach')}"
