"""Training: a BERT from raw text, and siamese encoders from pairs of sentences."""
