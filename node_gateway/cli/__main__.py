"""`python -m node_gateway.cli`."""

from node_gateway.cli.root import main

main()
