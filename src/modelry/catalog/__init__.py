"""The catalogue: what every source claims, folded into rows of `data/models.json`."""
