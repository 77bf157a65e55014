"""Nine histories: what the API says, at each instant, of worlds that mislead a careless record."""
