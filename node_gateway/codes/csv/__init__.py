"""CSV of other systems as EPCIS events, by a mapping file. Pure: no I/O, clock or randomness."""
