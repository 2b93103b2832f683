"""Whole-sequence recurrences in C++, compiled for the model's sizes on first use; CPU, float32."""
