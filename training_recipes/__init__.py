"""How the models in data/models/ were made, from the data files named: `make weights`."""
