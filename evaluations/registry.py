"""Which methods there are: files in the families' folders, and entry points of installed packages.

A third-party package offers a method by an entry point whose value is the ``Method`` object::

    [project.entry-points."securitynet.evaluations"]
    noise-floor = "my_package.noise:noise_floor"

The entry point's own name is free; family and name are those of the ``Method``. The package's protocol is a
YAML file that is given to the commands with ``--protocol FILE``.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from itertools import chain

from evaluations.method import Method
from sngen.errors import CheckFailed, UsageError
from sngen.schema import FAMILIES

ENTRY_POINT_GROUP = "securitynet.evaluations"


def find_methods() -> dict[tuple[str, str], Method]:
    """Every method by (family, name), in that order.

    Raises ``CheckFailed`` if two methods have one name, or an entry point is not a method.
    """
    found: dict[tuple[str, str], tuple[Method, str]] = {}
    for method, place in [*own_methods(), *_third_party_methods()]:
        name = (method.family, method.name)
        if name in found and found[name][0] is not method:
            raise CheckFailed(
                f"two methods are called {method.family}/{method.name}: one in {found[name][1]}, "
                f"one in {place}. Rename one of them, or uninstall its package."
            )
        found.setdefault(name, (method, place))
    return {name: found[name][0] for name in sorted(found)}


def find_method(family: str, name: str) -> Method:
    """One method. Only its family's folder is imported where the method is there."""
    for method, _ in chain(_family_methods(family), _third_party_methods()):
        if (method.family, method.name) == (family, name):
            return method
    known = ", ".join("/".join(pair) for pair in find_methods()) or "none"
    raise UsageError(f"there is no method {family}/{name}; there are {known}.")


def own_methods() -> Iterator[tuple[Method, str]]:
    """The methods of the families' folders, each with the module that it is in."""
    for family in FAMILIES:
        yield from _family_methods(family)


def _family_methods(family: str) -> Iterator[tuple[Method, str]]:
    package_name = f"evaluations.{family}"
    if importlib.util.find_spec(package_name) is None:
        return
    package = importlib.import_module(package_name)
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package_name}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, Method):
                yield value, module.__name__


def _third_party_methods() -> Iterator[tuple[Method, str]]:
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.value):
        place = f"{entry_point.value} of the package {entry_point.dist.name if entry_point.dist else '?'}"
        yield _load(entry_point, place), place


def _load(entry_point: EntryPoint, place: str) -> Method:
    try:
        value = entry_point.load()
    except Exception as error:  # a stranger's import may raise anything
        raise CheckFailed(
            f"the method {place} cannot be imported ({type(error).__name__}: {error}). "
            f"Mend or uninstall that package."
        ) from error
    if not isinstance(value, Method):
        raise CheckFailed(
            f"the entry point {place} is a {type(value).__name__}, expected an evaluations.method.Method "
            f"(decorate the function with @method)."
        )
    if value.family not in FAMILIES:
        raise CheckFailed(
            f"the method {place} belongs to the family {value.family!r}, "
            f"expected one of {', '.join(FAMILIES)}."
        )
    return value
