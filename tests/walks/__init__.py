"""What the walking tests walk: every address, every row, every table. Nothing is listed by hand."""
