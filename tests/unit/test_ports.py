"""The check of the ports before a start: listeners are refused, outgoing connections waited for."""

import socket
import threading
from pathlib import Path

import pytest

from local.stack import ports
from local.stack.ports import PortsError, check_ports
from tests.support.stack import free_settings


def test_a_listener_is_refused_at_once(tmp_path: Path) -> None:
    settings = free_settings(tmp_path)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", settings.gateway_port))
        listener.listen()
        with pytest.raises(
            PortsError, match=rf"Port {settings.gateway_port} \(gateway\) is in use by \S+ \(process \d+\)"
        ):
            check_ports(settings)


def test_an_outgoing_connection_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = free_settings(tmp_path)
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.bind(("127.0.0.1", settings.gateway_port))
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with pytest.raises(PortsError, match="the local end of a connection"):
            check_ports(settings, connection_seconds=0)

        def end() -> None:
            accepted.close()  # first, so that no TIME-WAIT stays at the client's port
            client.recv(1)
            client.close()

        threading.Timer(0.5, end).start()
        check_ports(settings, connection_seconds=60)
    assert "waiting for its end" in capsys.readouterr().out
    assert ports.is_free(settings.gateway_port)
