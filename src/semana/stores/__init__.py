"""The only input and output: `home.open_home` composes the stores of a home, once, at the front door."""
