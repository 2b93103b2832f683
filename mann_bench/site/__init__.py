"""Static pages: the leaderboard site, made of entries and claim results, and the page of a user's own runs."""
