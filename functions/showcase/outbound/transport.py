"""The pool of connections, and what its failures mean.

pyqwest binds Rust's reqwest: a call takes a twentieth of the processor time of one through httpx, and one that is
cancelled closes its connection. Proxies come from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), the certificates
to trust from the system's store, or from SSL_CERT_FILE.
"""

import os

import pyqwest

CONNECT_TIMEOUT = 3.0  # seconds
# Idle connections go before the other side closes them under a request: Node's servers do after five seconds.
IDLE_TIMEOUT = 4.0  # seconds
MAX_IDLE_CONNECTIONS = 50  # for each host


class TransportError(Exception):
    """There is no complete answer. Whether the request has arrived is not known."""


class ConnectError(TransportError):
    """Nothing was sent: there is no connection, or none of the pool became free in time."""


class ReadTimeout(TransportError):
    """The answer did not come in time."""


class ReadError(TransportError):
    """The connection broke, or what came is not HTTP."""


class ResponseTooLarge(TransportError):
    """The answer has more bytes than we read."""


# What a call raises where there is no answer. `asyncio.timeout` raises TimeoutError too.
FAILURES = (ConnectionError, TimeoutError, pyqwest.RemoteProtocolError, pyqwest.ReadError, pyqwest.WriteError)


def classify(error: Exception) -> TransportError:
    """One of `FAILURES` as ours. Its text stays behind: it names the address."""
    if isinstance(error, ConnectionError):  # also where connecting took too long
        return ConnectError()
    return ReadTimeout() if isinstance(error, TimeoutError) else ReadError()


def new_transport() -> pyqwest.HTTPTransport:
    """HTTP/1.1 that follows no redirects and keeps no cookies. Its threads do not survive a fork."""
    # One thread for the network: more of them take turns with the interpreter, a fifth of a call's processor time.
    os.environ.setdefault("TOKIO_WORKER_THREADS", "1")
    return pyqwest.HTTPTransport(
        tls_include_system_certs=True,
        http_version=pyqwest.HTTPVersion.HTTP1,
        connect_timeout=CONNECT_TIMEOUT,
        pool_idle_timeout=IDLE_TIMEOUT,
        pool_max_idle_per_host=MAX_IDLE_CONNECTIONS,
        use_system_dns=True,
        follow_redirects=False,
        enable_otel=False,
    )
