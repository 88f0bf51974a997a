"""Evidence files: what a participant did wrong, or said, in a form that anybody checks offline."""
