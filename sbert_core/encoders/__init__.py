"""Sentence encoders: the network, what makes it quick, and where its weights come from.

To read it in order: pooling.py, siamese.py, encoder.py. Then batching.py and precision.py (speed),
layout.py, weights.py and checkpoint.py (folders), known_models.py, hub.py and catalog.py (names).
"""
