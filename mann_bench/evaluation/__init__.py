"""Measurements of a model: on the validation stream and over the length grid."""
