"""What changed between two releases, why, and which version number that makes."""
