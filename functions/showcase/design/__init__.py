"""The design assistant: a page of the catalogue's blocks, made by a model from a project's content."""
