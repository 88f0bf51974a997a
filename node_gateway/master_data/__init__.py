"""Master data: products, locations and parties. Pure: no I/O, clock or randomness."""
