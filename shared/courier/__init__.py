"""Brings events to subscribers: one cursor in the log for each, moved only after the other side has confirmed."""
