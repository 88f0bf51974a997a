"""The vectors of `sealtrail/evidence/v1`: a small chain of its own, and what was said on it."""
