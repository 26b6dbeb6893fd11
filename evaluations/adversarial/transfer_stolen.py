"""Transfer from what the attacker stole: the surrogate of the family ``stealing``, and no other knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluations.adversarial.transfer import curves_from
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.protocol import load_protocols
from evaluations.stealing.attacks import AUXILIARY, ask_and_train
from evaluations.target import Target


@method("adversarial", "transfer-stolen", version=1)
def transfer_stolen(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """As ``transfer``, from the surrogate that a method of a stealing protocol takes from this very target.

    Setting ``stolen``: ``protocol``, ``tier`` and ``method``; the budget is the one by which targets are
    compared, the seed the protocol's. The surrogate is that of the target's own stealing record, trained
    anew where the cache lacks it. Its queries are not counted here.
    """
    named = settings["stolen"]
    [protocol] = load_protocols([named["protocol"]])
    how = protocol.settings(named["tier"], data["test"].dataset_id)[named["method"]]
    found = ask_and_train(target, data[AUXILIARY], how, how["repeated"]["budget"], protocol.seed, context)
    name = f"the surrogate stolen from {target.model_id}"
    surrogate = Target(found.network, name, found.sha256, target.threads)
    return curves_from(surrogate, target, data, settings, seed, context)
