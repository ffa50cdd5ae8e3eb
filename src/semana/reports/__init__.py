"""Tables and words for people, from frames. Pure."""
