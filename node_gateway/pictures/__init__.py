"""Pictures: journey, packing, heartbeat, Merkle path; the same on pages, in PDFs and as files.

Each is a pure function from data to a `Picture`; `svg.py` and `pdf.py` write it out.
"""
