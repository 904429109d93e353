"""The document and its forms: JSON schema, text, Markdown, CSV, SVG and the figure."""
