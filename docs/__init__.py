"""Documentation, and the command that makes its pictures."""
