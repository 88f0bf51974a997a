"""EPCIS 2.0: validate, normalise, derive. Pure: no I/O, clock or randomness."""
