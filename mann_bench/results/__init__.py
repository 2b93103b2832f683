"""Records of runs: their schema, their provenance and the store on disk."""
