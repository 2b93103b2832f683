"""From what was asked for to records on disk: resolve, plan, execute."""
