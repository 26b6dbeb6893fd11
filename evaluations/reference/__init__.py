"""The embedded reference suite: small networks on the digits, trained here, whose weaknesses are known.

What each of them has to show is in the comments of ``recipes.yaml`` and is tested. Numbers of an evaluation
are believed when it gives the expected answer on these.
"""
