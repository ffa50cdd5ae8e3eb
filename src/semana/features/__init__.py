"""What is known of a pair before a week: candidates, one family of features a file, build, examples. Pure."""
