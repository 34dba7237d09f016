"""Small apps to copy from. Each one runs, and a test runs it."""
