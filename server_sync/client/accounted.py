"""What a server's word on the numbers of a device's sessions means for one of them."""

from server_sync import wire


def counts(state: wire.State, number: int) -> bool:
    """Whether the server surely accounts for one of a device's sessions: it has it, refused it, or was told why not."""
    last = max(state.missing, default=0)
    return 0 < number <= state.acked_through or (0 < number < last and number not in state.missing)


def holds(state: wire.State, number: int) -> bool:
    """Whether the server surely has one of a device's sessions, as far as it says what is `unheld`."""
    if not counts(state, number) or number in state.unheld:
        return False
    return len(state.unheld) < wire.MOST_UNHELD or number < max(state.unheld)
