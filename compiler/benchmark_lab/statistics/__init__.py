"""Ratios, intervals and answers from the trials' numbers: what the rounds carry, and what they don't."""
