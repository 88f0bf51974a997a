"""The console, `/app`: what operators of a gateway see and do in a browser."""
