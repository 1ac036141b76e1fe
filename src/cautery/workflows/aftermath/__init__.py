"""Look back at strikes: what they did to use, where users went, what was served, what lives on."""
