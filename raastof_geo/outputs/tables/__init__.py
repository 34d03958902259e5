"""Tables: the workbook, the flows, the figures of a summary, the words of the catalogue."""
