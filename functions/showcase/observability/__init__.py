"""What is logged, traced and reported, and what may be in it."""
