"""The API: the published list over HTTP, kept loaded and swapped while it serves; it writes to the inbox alone."""
