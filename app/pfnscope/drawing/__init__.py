"""A document as bars on one axis of page frames: SVG, PNG, a Plotly figure, letters of a terminal."""


class CannotDraw(Exception):
    """The package that draws is not installed; the message says how to get it."""
