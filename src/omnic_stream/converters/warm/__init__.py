"""Functions that run inside a warm worker: open descriptors in, bytes out, heavy imports on first use."""
