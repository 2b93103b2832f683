"""Statistics over seeds. Pure numpy."""
