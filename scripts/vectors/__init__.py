"""What makes the files of tests/vectors: a second, plain implementation and the cases."""
