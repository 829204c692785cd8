"""All that is Streamlit and not a page."""
