"""The operator's command line. It alone may import everything; each command imports what it needs when it runs."""
