"""Questions that people ask of the ground, the checks and the cases."""
