"""What of a plan may be otherwise: which columns an edit opens, and which rows it moves."""
