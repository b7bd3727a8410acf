"""Jobs: fetch, detect, plan, run, publish; at most one at a time per key, watched by many."""
