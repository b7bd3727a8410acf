"""Every specimen of ``tests/zoo`` through the running service, and what came out held to the manifest's facts."""
