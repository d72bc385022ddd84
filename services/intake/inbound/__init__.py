"""Webhooks in: other systems report through signed messages in their own shape, which a mapping explains."""
