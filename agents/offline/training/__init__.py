"""How the weights of the offline engine are made; nothing here runs in production."""
