"""Clients of the platforms, one module a vendor."""
