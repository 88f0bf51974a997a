"""GS1 syntax: element strings, scan data and Digital Links, read as the official engine reads them.

>>> parse("bracketed", "(01)09506000134352(21)12345").digital_link()
'https://id.gs1.org/01/09506000134352/21/12345'
"""

from node_gateway.codes.gs1.elements import Element, ElementString
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.parsing import InputType, parse

__all__ = ["Element", "ElementString", "Gs1SyntaxError", "InputType", "parse"]
