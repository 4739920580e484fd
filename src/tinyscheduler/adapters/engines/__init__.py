"""How a wrapper is started and probed, one module a kind. Engines do not know one another."""
