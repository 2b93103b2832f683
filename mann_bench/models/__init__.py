"""Models of the suite: each wraps a layer as a Lightning module."""
