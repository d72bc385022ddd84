"""The HTTP doors: nameko entrypoints that check what comes in and describe themselves."""
