"""The commands, a module each: ``configure`` names operands and options, ``run`` does it; its docstring is the help."""
