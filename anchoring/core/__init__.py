"""Formats and rules on which two versions must never disagree: pure and frozen.

A change of what this package computes is a new format version with new vectors. It imports the
standard library and rfc8785; it reads no clock, no randomness, no environment and writes no log.
"""
