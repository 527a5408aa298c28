"""Everything that a project holds (schema, data, accounts, stored files) in one sealed archive, and back again."""
