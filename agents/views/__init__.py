"""The agent's pages on a company's host, one module for each subject."""
