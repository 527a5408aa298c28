"""Likes, stars and replies that a project earns on GitHub, X and LinkedIn."""
