"""What the answer hangs on: each assumption at both ends, and where the conclusion turns over."""
