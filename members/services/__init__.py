"""What changes accounts, notices and the roll."""
