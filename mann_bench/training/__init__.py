"""Training of one run by Lightning."""
