"""What an operator should know before the first page: each check looks at one thing and says what to do."""
