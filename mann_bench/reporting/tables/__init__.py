"""The tables of the suite, each as rows of data and as rows of text."""
