"""Why there is no answer."""


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
