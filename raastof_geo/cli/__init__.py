"""The command line: what may be asked, how it is answered, what is said of wrong usage."""
