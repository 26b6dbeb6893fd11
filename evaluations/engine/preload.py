"""Everything that units import, imported once by the fork server that their processes are forked from.

A unit's process then starts in some 25 ms instead of seconds. Nothing here starts a thread, and all that is
computed are the digits, which every unit of the embedded suite needs.
Methods of other packages are imported by their own units: what their import does is not known.
"""

from pathlib import Path

import safetensors.torch
import sklearn.datasets
import torch
import torch._dynamo  # by every optimiser when it is first made, which takes a second

import evaluations.calibration
import evaluations.engine.unit
import evaluations.reference.training
import evaluations.target
import sngen.zoo.load
from evaluations.datasets import digits, load_images
from evaluations.reference.recipe import read_recipes
from evaluations.registry import own_methods
from sngen.zoo.architectures import loaders

__all__ = ["evaluations", "safetensors", "sklearn", "sngen", "torch"]

OWN_METHODS = tuple(own_methods())
DIGITS = tuple(load_images("digits", split, Path()) for split in digits.SPLITS)
LOADERS = loaders()
RECIPES = read_recipes()
