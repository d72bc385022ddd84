"""The words and rules that every service speaks: standard library only, no input or output."""
