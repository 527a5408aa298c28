"""What a page can be made of: the types of blocks, their props, and the JSON Schemas of both."""
