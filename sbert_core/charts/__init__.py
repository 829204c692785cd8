"""Plotly figures and their colours: arrays and texts in, figures out, no Streamlit."""
