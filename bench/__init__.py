"""Figures about the running service, as ratios against the plainest thing that does the same work on the same machine."""
