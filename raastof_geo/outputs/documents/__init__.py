"""Documents for people: reports and project pages, as pages and for Word."""
