"""A programme in words: what is missing where no plan exists, what would help, why not."""
