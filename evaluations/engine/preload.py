"""Everything that units import, imported once by the fork server that their processes are forked from.

A unit's process then starts in some 25 ms instead of seconds. Nothing here computes or starts a thread.
Methods of other packages are imported by their own units: what their import does is not known.
"""

import safetensors.torch
import sklearn.datasets
import torch

import evaluations.calibration
import evaluations.engine.unit
import evaluations.reference.training
import evaluations.target
import sngen.zoo.load
from evaluations.registry import own_methods

__all__ = ["evaluations", "safetensors", "sklearn", "sngen", "torch"]

OWN_METHODS = tuple(own_methods())
