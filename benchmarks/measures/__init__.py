"""One way to measure per file: each runs the subjects of a case, their rounds interleaved."""
