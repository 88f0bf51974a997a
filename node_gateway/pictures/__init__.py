"""Pictures: journey, packing, heartbeat, Merkle path; the same on pages and in PDFs.

Each is a pure function from data to a `Picture`; `svg.py` and `pdf.py` write it out.
"""
