"""What there is: projects described, their data, the plan's lines with what was measured."""
