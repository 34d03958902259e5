"""What of a plan may be otherwise without being laid out anew: which columns open, which rows move."""
