"""Klaviyo lists as a destination."""
