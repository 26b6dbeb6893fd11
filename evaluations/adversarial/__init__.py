"""Adversarial examples: threats, attacks, and the noise that makes each image's result its own."""
