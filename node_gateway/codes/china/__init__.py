"""China's drug traceability code, and the files of its platform, beside EPCIS.

Pure: no I/O, clock or randomness. What maps to what stands in docs/reference/china-drug-codes.md.
"""
