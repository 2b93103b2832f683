"""Views of analysis: console tables, figures, LaTeX, progress, Weights & Biases. All of them can be rebuilt."""
