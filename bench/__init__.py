"""How fast segsync is, beside the same work done by hand. `python -m bench` runs both measurements."""
