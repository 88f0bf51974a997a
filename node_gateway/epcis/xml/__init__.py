"""EPCIS XML: 1.2 and 2.0 in, 2.0 out; the inside of the gateway knows JSON only. Pure."""
