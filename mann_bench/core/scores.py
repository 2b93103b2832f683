"""What the name of a score tells."""


def is_accuracy(score: str) -> bool:
    """Tell whether a score is a share of what is right, from 0 to 1: more of it is better, of any other score less."""
    return score.rpartition("_")[2] == "accuracy"
