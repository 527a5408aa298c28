"""Everything that a project holds (schema, data, accounts, stored files) in one encrypted archive, and back again."""
