"""When many letters are tried again."""
