"""Records gathered into boots, of which a text may hold several."""
