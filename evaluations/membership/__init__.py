"""Membership inference: was this image among the target's training images?

Every attack gives each image one number, the member score: higher means "rather a member". What the scores
are worth is read off their ROC curve (``roc``, ``delong``, ``assessing``), on equally many members and
non-members (``evaluation_sets``).
"""
