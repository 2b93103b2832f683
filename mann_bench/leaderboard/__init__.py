"""Entries of leaderboards: complete seed sets of records, submitted, validated and verified."""
