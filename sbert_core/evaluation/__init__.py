"""Measuring encoders against what people say: pure functions of arrays, readers of graded files."""
