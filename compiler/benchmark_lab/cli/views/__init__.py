"""The output of commands, apart from how commands come to know the data: pure functions from data to text."""
