"""`python -m semana.cli` is `semana`."""

from semana.cli import main

main()
