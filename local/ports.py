"""Whether the ports are free, told before anything is started."""

import socket

import psutil  # type: ignore[import-untyped]

from local.settings import HOST, Settings


class PortsError(Exception):
    """A port is in use."""


def check_ports(settings: Settings) -> None:
    ports = settings.ports()
    chosen = [port for _, port in ports.values()]
    if twice := sorted({port for port in chosen if chosen.count(port) > 1}):
        raise PortsError(f"Port {twice[0]} is set for more than one part: give each its own (see .env.example).")
    for variable, (part, port) in ports.items():
        if not is_free(port):
            raise PortsError(
                f"Port {port} ({part}) is in use{_by_whom(port)}: stop that, or set {variable} to another port in .env."
            )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # What a server that has just stopped leaves behind does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr.port == port and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:  # other users' processes are not shown to everybody
        pass
    return ""
