"""Model stealing: surrogates that are trained on a target's answers, and what they cost in queries."""
