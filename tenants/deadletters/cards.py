"""What dead letters show in the menu."""
