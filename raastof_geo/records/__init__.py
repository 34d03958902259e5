"""What a run leaves on the disk, each record with its writer and its reader side by side."""
