"""The five services. None imports another: they talk only through events."""
