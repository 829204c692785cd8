"""SBERT Lab: sentence embeddings, maps and clusters on a laptop, with no Streamlit in sight.

The one way in is `sbert_core.lab.Lab`; pages and commands call nothing else.
"""

__version__ = "0.1.0"
