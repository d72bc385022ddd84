"""The pages' static files: what is taken from npm, what is ours, and the names under which browsers may keep them."""
