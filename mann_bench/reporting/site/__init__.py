"""Static pages made from records: the leaderboard site and the page of a user's own runs."""
