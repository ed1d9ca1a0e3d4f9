"""Files as a source and a destination."""
