"""What people fill in about leads, one module for each subject."""
