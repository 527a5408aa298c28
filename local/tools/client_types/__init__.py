"""Types of the client's view of the backend, for TypeScript and Python: what anon and authenticated read, write, call.

`catalogue` reads the database, `functions` reads docs/openapi.json, both as JSON Schema; `typescript` and `python`
print it.
"""
