"""A fleet of OpenADR 3 Virtual End Nodes in one small process."""

__version__ = "0.1.0"
