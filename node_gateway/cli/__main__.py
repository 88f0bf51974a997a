"""`python -m node_gateway.cli`."""

from node_gateway.cli import main

main()
