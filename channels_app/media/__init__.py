"""Files that come with messages and go with them: fetched, weighed, locked away, shown, sent."""
