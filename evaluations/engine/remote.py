"""What a job finds on the machine where it runs: that machine's folders, in the place of the driver's."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from evaluations.engine.provenance import Environment
from evaluations.engine.unit import Conditions
from sngen.settings import Settings


def at_home(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """A job's arguments with this machine's settings, processor, commit and packages."""
    return tuple(_at_home(argument) for argument in arguments)


def _at_home(argument: Any) -> Any:
    if isinstance(argument, Settings):
        return replace(Settings.from_environment(), stock=argument.stock)
    if isinstance(argument, Conditions):
        return replace(argument, environment=Environment.here(argument.device))
    if is_dataclass(argument) and not isinstance(argument, type):
        own = {field.name: getattr(argument, field.name) for field in fields(argument)}
        settings = {name: _at_home(value) for name, value in own.items() if isinstance(value, Settings)}
        return replace(argument, **settings) if settings else argument
    return argument
