"""Pages as HTML, made from templates by Jinja2 alone: nothing here knows HTTP."""
