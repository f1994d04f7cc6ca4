"""Sessions as they go to the clinic together."""

from collections.abc import Iterable, Iterator

from server_sync import wire
from server_sync.client.outbox import Outgoing

LARGEST_GROUP_BYTES = 64 * 1024 * 1024
"""Recordings that are brought before their sessions are, so that some appear early."""


def groups(ready: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """As many at once as fit, and as their recordings allow, in order."""
    group: list[Outgoing] = []
    packed_bytes = recorded_bytes = 0
    for outgoing in ready:
        size = len(outgoing.item.content)
        full = len(group) == wire.MOST_ITEMS or packed_bytes + size > wire.LARGEST_BATCH_BYTES
        if group and (full or recorded_bytes > LARGEST_GROUP_BYTES):
            yield group
            group, packed_bytes, recorded_bytes = [], 0, 0
        group.append(outgoing)
        packed_bytes += size
        recorded_bytes += outgoing.recording.stat().st_size if outgoing.recording else 0
    if group:
        yield group
