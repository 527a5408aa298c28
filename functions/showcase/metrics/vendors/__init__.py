"""How each platform is asked, one module a vendor."""
