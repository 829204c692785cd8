"""What compares this project with others, kept out of the tests: ratios from one run."""
