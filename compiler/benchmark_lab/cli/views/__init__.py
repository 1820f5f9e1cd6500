"""What commands print, apart from how they come to know it: pure functions from data to text."""
