"""Ports for the servers that tests start, which no other test process of this machine is given meanwhile.

A port that was only looked at may be gone when its server comes to listen on it, seconds later: another worker, or
another run, has chosen the same one. So each process leases a block of ports: it binds the block's first one and keeps
it, which the system allows to one process at a time and ends with it.
"""

import contextlib
import itertools
import os
import random
import socket
from collections.abc import Iterator
from functools import cache

# Below the range from which systems choose the ports of outgoing connections: one of those could take it meanwhile.
# Above those that STACK=supabase keeps for its own services (10000 to 19999).
PORTS = range(20000, 32000)
BLOCK = 100  # ports; a process has at most some thirty servers at once


def free_port() -> int:
    """One of 127.0.0.1, not given again by this process before the 98 others of its block."""
    return next(port for port in _leased_ports(os.getpid()) if _bound(port, keep=False))


@cache
def _leased_ports(process: int) -> Iterator[int]:
    """`process` is the caller's own, so that what it forks leases a block of its own."""
    blocks = [PORTS[start : start + BLOCK] for start in range(0, len(PORTS), BLOCK)]
    # Not of the module's generator: Hypothesis seeds that one, in every process with the same number.
    random.SystemRandom().shuffle(blocks)
    for block in blocks:
        if _bound(block[0], keep=True):
            return itertools.cycle(block[1:])
    raise OSError(f"no block of ports is free for process {process}")


_leases: list[socket.socket] = []  # open until the process ends


def _bound(port: int, *, keep: bool) -> bool:
    with contextlib.ExitStack() as closing:
        probe = closing.enter_context(socket.socket())
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        if keep:
            closing.pop_all()
            _leases.append(probe)
    return True
