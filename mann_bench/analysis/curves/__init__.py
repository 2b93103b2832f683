"""What the figures show, as plain data: numbers and names, made from records alone."""
