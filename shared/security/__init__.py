"""Who is asking, who is meant, and what only the right eyes may read."""
