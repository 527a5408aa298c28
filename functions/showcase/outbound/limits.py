"""What holds for every call."""

TIMEOUT = 10.0  # seconds for the whole answer, where a call names no other
CONNECT_TIMEOUT = 3.0  # seconds
POOL_TIMEOUT = 10.0  # seconds that a call waits for a free connection
MAX_CONNECTIONS = 200
# Idle connections go before the other side closes them under a request: Node's servers do after five seconds.
IDLE_TIMEOUT = 4.0  # seconds
MAX_IDLE_CONNECTIONS = 50  # for each host
