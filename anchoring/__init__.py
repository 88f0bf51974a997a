"""Commitments, trees, proofs, anchors: usable without a gateway."""
