"""Typed clients of the vendors' APIs, generated from specs/."""
