"""httpx for the servers that tests start, which speak plain HTTP.

A client of httpx reads every certificate authority of the machine (15 ms), which is more than most tests take. These
trust nobody, and read none.
"""

import ssl
from functools import partial

import httpx

TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

Client = partial(httpx.Client, verify=TRUSTS_NOBODY)
AsyncClient = partial(httpx.AsyncClient, verify=TRUSTS_NOBODY)
HTTPTransport = partial(httpx.HTTPTransport, verify=TRUSTS_NOBODY)

request = partial(httpx.request, verify=TRUSTS_NOBODY)
stream = partial(httpx.stream, verify=TRUSTS_NOBODY)
get = partial(httpx.get, verify=TRUSTS_NOBODY)
post = partial(httpx.post, verify=TRUSTS_NOBODY)
put = partial(httpx.put, verify=TRUSTS_NOBODY)
patch = partial(httpx.patch, verify=TRUSTS_NOBODY)
delete = partial(httpx.delete, verify=TRUSTS_NOBODY)
options = partial(httpx.options, verify=TRUSTS_NOBODY)
