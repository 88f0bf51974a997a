"""JSON Schemas (2020-12) of the formats, one file each; they check shape, never truth."""
