"""The words of the suite as frozen data. Imports neither torch nor Lightning."""
