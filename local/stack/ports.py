"""Whether the ports are free, checked before anything is started."""

import socket
import time

import psutil  # type: ignore[import-untyped]

from local.console import note
from local.settings import HOST, Settings

# Programs that open a connection are given a port of the ephemeral range, which ours are in too (Linux: 32768-60999).
# It is free again when the connection ends, and where that side closed first a minute later (TIME-WAIT, RFC 9293).
CONNECTION_SECONDS = 75.0
POLL_SECONDS = 0.2


class PortsError(Exception):
    """A port is in use."""


def check_ports(settings: Settings, connection_seconds: float = CONNECTION_SECONDS) -> None:
    """Waits so long for the end of other programs' outgoing connections. Raises PortsError where something listens."""
    ports = settings.ports()
    chosen = [port for _, port in ports.values()]
    if twice := sorted({port for port in chosen if chosen.count(port) > 1}):
        raise PortsError(f"Port {twice[0]} is set for more than one part: give each its own (see .env.example).")
    deadline = time.monotonic() + connection_seconds
    for variable, (service, port) in ports.items():
        advice = f"set {variable} to another port in .env"
        is_noted = False
        while not is_free(port):
            users = _users(port)
            if users is None or psutil.CONN_LISTEN in users:
                raise PortsError(
                    f"Port {port} ({service}) is in use{_by(users, psutil.CONN_LISTEN)}: stop that, or {advice}."
                )
            if time.monotonic() > deadline:
                raise PortsError(
                    f"Port {port} ({service}) is the local end of a connection that was opened{_by(users, *users)}: "
                    f"wait for its end, or {advice}."
                )
            if not is_noted:
                note(f"port {port} ({service}) is the local end of somebody's connection: waiting for its end")
                is_noted = True
            time.sleep(POLL_SECONDS)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # What a server that has just stopped leaves behind does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _users(port: int) -> dict[str, int | None] | None:
    """The process by state (LISTEN, ESTABLISHED ...) of the connections with this local port; None: not to be known."""
    try:
        return {
            each.status: each.pid for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port
        }
    except psutil.Error:  # on macOS, other users' connections are not shown to everybody
        return None


def _by(users: dict[str, int | None] | None, *states: str) -> str:
    try:
        for process in (users[state] for state in states if users and users.get(state)):
            return f" by {psutil.Process(process).name()} (process {process})"
    except psutil.Error:  # it is gone
        pass
    return ""
