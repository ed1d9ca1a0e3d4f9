"""`python -m segsync`: the command line."""

from segsync.cli import main

main()
