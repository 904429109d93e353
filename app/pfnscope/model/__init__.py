"""The one set of types: ranges, facts of a log, layout, analysis and document, each written down once."""
