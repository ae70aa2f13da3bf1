"""The pages of leads on a company's host, one module for each subject."""
