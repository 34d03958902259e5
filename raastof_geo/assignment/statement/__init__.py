"""A scenario as a programme: its columns, and the rows that its rules lay over them."""
