"""Converters, one module a field. Each module is declarations first; what runs inside a warm worker stands in ``warm``."""
