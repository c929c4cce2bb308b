"""The pages of accounts, notices and the roll."""
