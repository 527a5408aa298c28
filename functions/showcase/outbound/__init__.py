"""How every function speaks HTTP to others, and asks again."""
