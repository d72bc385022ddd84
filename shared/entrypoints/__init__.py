"""How a service comes to life: its reactions to events, what it is given, and the process around it."""
