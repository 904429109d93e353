"""The formats that a document and other answers can be had in."""
