"""Logs, metrics and health: what every process tells its operators."""
