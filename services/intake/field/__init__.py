"""Work in the field: what a grid worker gathers where there is no network, and sends when there is one again."""
