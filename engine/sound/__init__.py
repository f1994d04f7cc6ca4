"""Sound: the only part of the program that knows pygame."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it would greet on standard output, where a program may read
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # else a program that has opened a mixer cannot be ended kindly
