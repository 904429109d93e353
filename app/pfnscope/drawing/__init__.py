"""A document as bars on one axis of page frames: SVG, PNG, a Plotly figure, letters of a terminal."""
