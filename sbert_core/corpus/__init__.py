"""Files into rows, and the workspace where rows, vectors and results are kept."""
