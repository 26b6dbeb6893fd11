"""Claims on synthetic catalogues whose answer is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from sngen.errors import DataProblem
from sngen.findings.claims import CLAIMS, Claim, Quantity, Rules, load_claims
from sngen.findings.claims import STATISTICS as CLAIMED
from sngen.findings.findings import STATISTICS, evaluate_claims, findings, verdict
from sngen.findings.related import groups
from sngen.schema import FINDINGS, MODELS, RELATIVES, SCORES, score_id

F = FINDINGS.c
RULES = Rules(
    minimum_models=10, resamples=499, seed=0, false_discoveries=0.05,
    related_by=("same-weights", "same-recipe-other-seed"),
)  # fmt: skip
CLAIM = Claim(
    claim_id="falls",
    title="Harder to steal",
    statement="The more accurate, the harder to steal.",
    family="stealing",
    sign=-1,
    statistic="spearman",
    x=Quantity("utility", "clean", "test", "accuracy"),
    y=Quantity("stealing", None, "default", "stealing_accuracy"),
    methods=("partial",),
    datasets=None,
    origins=("reported", "measured"),
    purposes=("benchmark",),
    flags={"broken": "it is broken"},
    remarks={"partial": "A remark."},
)
Rows = list[dict[str, Any]]


def _model(number: int, dataset_id: str = "d", **other: Any) -> dict[str, Any]:
    given = {"purpose": "benchmark", "source_id": "s", "name": f"m{number}"} | other
    return MODELS.row(model_id=f"s/{dataset_id}/m{number:03}", dataset_id=dataset_id, **given)


def _score(model: dict[str, Any], quantity: Quantity, value: float, **other: Any) -> dict[str, Any]:
    given = {"origin": "reported", "source_id": "s", "method": quantity.method or "partial"} | other
    basis = given.get("protocol") or f"reported/{given['source_id']}"
    name = score_id(
        model["model_id"], model["dataset_id"], basis, given["method"], quantity.setting, quantity.metric
    )
    return SCORES.row(
        score_id=name, model_id=model["model_id"], dataset_id=model["dataset_id"], family=quantity.family,
        setting=quantity.setting, metric=quantity.metric, value=value, unit="fraction", **given,
    )  # fmt: skip


def _catalogue(x: Any, y: Any, **model: Any) -> tuple[Rows, Rows]:
    models = [_model(number, **model) for number in range(len(x))]
    scores = [_score(m, CLAIM.x, float(v)) for m, v in zip(models, x, strict=True)]
    scores += [_score(m, CLAIM.y, float(v)) for m, v in zip(models, y, strict=True)]
    return models, scores


def _values(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.uniform(0.5, 1.0, n)
    return x, np.clip(1.4 - x + generator.normal(0, 0.1, n), 0, 1)


def _only(rows: Rows) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


def test_finding_is_what_scipy_says() -> None:
    x, y = _values(30)
    row = _only(evaluate_claims([CLAIM], RULES, *_catalogue(x, y), []))
    expected = stats.spearmanr(x, y)
    assert (row[F.value], row[F.p_value]) == pytest.approx((expected.statistic, expected.pvalue))
    assert row[F.ci_low] < row[F.value] < row[F.ci_high] < 0
    assert (row[F.n], row[F.clusters], row[F.verdict]) == (30, 30, "supported")
    assert row[F.finding_id] == "falls:d:reported:partial"
    assert row[F.statement] == "The more accurate, the harder to steal."
    assert row[F.remark] == "A remark."


def test_claim_of_the_other_sign_is_contradicted() -> None:
    opposite = dataclasses.replace(CLAIM, sign=1)
    row = _only(evaluate_claims([opposite], RULES, *_catalogue(*_values(30)), []))
    assert row[F.verdict] == "contradicted"


def test_shuffled_numbers_decide_nothing() -> None:
    x, y = _values(30)
    shuffled = np.random.Generator(np.random.Philox(5)).permutation(y)
    row = _only(evaluate_claims([CLAIM], RULES, *_catalogue(x, shuffled), []))
    assert row[F.verdict] == "undecided"


@pytest.mark.parametrize(
    ("sign", "low", "high", "expected"),
    [
        (-1, -0.9, -0.1, "supported"), (-1, 0.1, 0.9, "contradicted"), (-1, -0.1, 0.1, "undecided"),
        (1, -0.9, -0.1, "contradicted"), (1, 0.1, 0.9, "supported"), (1, 0.0, 0.9, "undecided"),
    ],
)  # fmt: skip
def test_verdict(sign: int, low: float, high: float, expected: str) -> None:
    assert verdict(sign, low, high) == expected


def test_too_few_models_are_not_tested() -> None:
    row = _only(evaluate_claims([CLAIM], RULES, *_catalogue(*_values(9)), []))
    assert (row[F.verdict], row[F.n], row[F.value], row[F.p_value]) == ("not-testable", 9, None, None)
    assert row[F.ci_method] == "none: 9 unrelated models, 10 are needed"


def test_constant_quantity_is_not_tested() -> None:
    x, _ = _values(20)
    row = _only(evaluate_claims([CLAIM], RULES, *_catalogue(x, np.full(20, 0.25)), []))
    assert (row[F.verdict], row[F.ci_method]) == (
        "not-testable", "none: stealing_accuracy is 0.25 for all models",
    )  # fmt: skip


@pytest.mark.parametrize("where", ["model", "score"])
def test_flagged_models_are_left_out_and_named(where: str) -> None:
    x, y = _values(24)
    models, scores = _catalogue(x, y)
    for number in range(4):
        if where == "model":
            models[number]["flags"] = ["other", "broken"]
        else:
            scores[number]["flags"] = ["broken"]
    models[10]["flags"] = ["not-broken-at-all", "broken-not"]  # contain the name, are not the flag
    row = _only(evaluate_claims([CLAIM], RULES, models, scores, []))
    assert row[F.n] == 20
    assert row[F.value] == pytest.approx(stats.spearmanr(x[4:], y[4:]).statistic)
    assert row[F.left_out] == f"broken (it is broken): {', '.join(m['model_id'] for m in models[:4])}"


def test_nobody_is_left_out_without_a_flag() -> None:
    row = _only(evaluate_claims([CLAIM], RULES, *_catalogue(*_values(12)), []))
    assert row[F.left_out] is None


def test_withdrawn_scores_speak_for_nothing() -> None:
    models, scores = _catalogue(*_values(24))
    scores[3]["withdrawn"] = "2026-001"
    (row,) = evaluate_claims([CLAIM], RULES, models, scores, [])
    assert row[F.n] == 23
    tables = {"scores": pd.DataFrame(scores), "models": pd.DataFrame(models)}
    assert set(eval(row[F.query], tables)[SCORES.c.withdrawn].dropna()) == set()


def test_a_dataset_that_is_flagged_as_a_whole_is_not_tested_and_says_why() -> None:
    models, scores = _catalogue(*_values(24))
    for score in scores[:24]:
        score["flags"] = ["broken"]
    row = _only(evaluate_claims([CLAIM], RULES, models, scores, []))
    assert (row[F.verdict], row[F.n]) == ("not-testable", 0)
    assert "24 left out for the flag broken (it is broken)" in row[F.ci_method]


def test_other_populations_are_not_mixed_in() -> None:
    x, y = _values(12)
    models, scores = _catalogue(x, y)
    other_x, other_y = _values(30, seed=3)
    for number, purpose in ((100, "security"), (200, "control"), (300, None)):
        for offset, (a, b) in enumerate(zip(other_x, 1 - other_y, strict=True)):
            model = _model(number + offset, purpose=purpose)
            models.append(model)
            scores += [_score(model, CLAIM.x, a), _score(model, CLAIM.y, b)]
    row = _only(evaluate_claims([CLAIM], RULES, models, scores, []))
    assert (row[F.n], row[F.value]) == (12, pytest.approx(stats.spearmanr(x, y).statistic))


def test_related_models_are_one_group() -> None:
    x, y = _values(36)
    models, scores = _catalogue(x, y)
    chain = [
        RELATIVES.row(
            model_a=models[3 * group]["model_id"], model_b=models[3 * group + step]["model_id"],
            relation="same-recipe-other-seed", ground="g", source_id="s",
        )
        for group in range(12) for step in (1, 2)
    ]  # fmt: skip
    row = _only(evaluate_claims([CLAIM], RULES, models, scores, chain))
    assert (row[F.n], row[F.clusters]) == (36, 12)
    assert row[F.ci_method].startswith("percentile bootstrap over groups of related models")
    too_few = evaluate_claims([CLAIM], RULES, models[:24], scores[:24] + scores[36:60], chain)
    assert _only(too_few)[F.verdict] == "not-testable"  # 24 models, but 8 groups


def test_groups_are_connected_components_of_the_wanted_relations() -> None:
    def pair(a: str, b: str, relation: str) -> dict[str, Any]:
        return RELATIVES.row(model_a=a, model_b=b, relation=relation, ground="g", source_id="s")

    relatives = [
        pair("d", "c", "same-weights"), pair("b", "a", "same-recipe-other-seed"),
        pair("c", "b", "same-weights"), pair("e", "a", "same-architecture"), pair("x", "y", "same-weights"),
    ]  # fmt: skip
    assert groups(relatives, RULES.related_by) == {"a": "a", "b": "a", "c": "a", "d": "a", "x": "x", "y": "x"}


def _measured(model: dict[str, Any], quantity: Quantity, value: float, **other: Any) -> dict[str, Any]:
    given = {"origin": "measured", "source_id": None, "tier": "cpu", "protocol": f"{quantity.family}/1"}
    return _score(model, quantity, value, **(given | other))


def test_reported_and_measured_tiers_and_protocols_never_share_a_test() -> None:
    x, y = _values(20)
    models, scores = _catalogue(x, y)
    for model, a, b in zip(models, x, y, strict=True):
        scores += [
            _measured(model, CLAIM.x, 1 - a, tier="reference"),
            _measured(model, CLAIM.y, b, tier="reference"),
            _measured(model, CLAIM.x, 1 - a, protocol="utility/9"),
            _measured(model, CLAIM.x, a, protocol="utility/10"),
            _measured(model, CLAIM.y, b),
        ]
    reported, measured = evaluate_claims([CLAIM], RULES, models, scores, [])
    assert (reported[F.origin], measured[F.origin]) == ("reported", "measured")
    assert reported[F.value] == measured[F.value] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert "protocol == 'utility/10'" in measured[F.query]
    assert "tier == 'cpu'" in measured[F.query]


def test_another_source_does_not_speak_for_a_model() -> None:
    x, y = _values(20)
    models, scores = _catalogue(x, y)
    for model in models:
        scores.append(_score(model, CLAIM.x, 0.5, source_id="t"))
    row = _only(evaluate_claims([CLAIM], RULES, models, scores, []))
    assert row[F.value] == pytest.approx(stats.spearmanr(x, y).statistic)


def test_query_selects_exactly_the_rows_of_the_finding() -> None:
    models, scores = _catalogue(*_values(24))
    more, extra = _catalogue(*_values(15, seed=1), dataset_id="e")
    models, scores = models + more, scores + extra
    scores[3]["flags"], models[5]["flags"] = ["broken"], ["broken", "odd"]
    row = evaluate_claims([CLAIM], RULES, models, scores, [])[0]
    tables = {"scores": pd.DataFrame(scores), "models": pd.DataFrame(models)}
    rows = eval(row[F.query], tables)
    both = rows.pivot(index=SCORES.c.model_id, columns=SCORES.c.metric, values=SCORES.c.value).dropna()
    assert set(rows[SCORES.c.dataset_id]) == {"d"}
    assert len(both) == row[F.n] == 22
    assert stats.spearmanr(both[CLAIM.x.metric], both[CLAIM.y.metric]).statistic == pytest.approx(
        row[F.value]
    )


def test_p_values_are_adjusted_over_all_findings() -> None:
    models: Rows = []
    scores: Rows = []
    for number, dataset_id in enumerate("abcd"):
        x, y = _values(14, seed=number)
        y = np.random.Generator(np.random.Philox(number)).permutation(y)
        more, extra = _catalogue(x, y, dataset_id=dataset_id)
        models, scores = models + more, scores + extra
    rows = evaluate_claims([CLAIM], RULES, models, scores, [])
    p = np.array([row[F.p_value] for row in rows])
    order = np.argsort(p)
    by_hand = np.empty(4)
    by_hand[order] = np.minimum.accumulate((p[order] * 4 / np.arange(1, 5))[::-1])[::-1]
    assert [row[F.p_adjusted] for row in rows] == pytest.approx(np.minimum(by_hand, 1))


def test_few_of_the_decided_claims_are_false_however_many_are_tested() -> None:
    """Of 80 datasets 60 are pure chance: 1 in 20 intervals excludes zero there, which alone would make one
    in seven decided claims false."""
    by_interval = false = true = 0
    for repeat in range(2):
        models: Rows = []
        scores: Rows = []
        for number in range(80):
            draw = np.random.Generator(np.random.Philox(key=[repeat, number]))
            x = draw.random(25)
            y = draw.random(25) if number < 60 else 0.2 * draw.random(25) - x
            more, extra = _catalogue(x, y, dataset_id=f"d{number:02}")
            models, scores = models + more, scores + extra
        for row in evaluate_claims([CLAIM], RULES, models, scores, []):
            by_chance = int(row[F.dataset_id][1:]) < 60
            decided = row[F.verdict] != "undecided"
            by_interval += by_chance and row[F.ci_low] * row[F.ci_high] > 0
            false += by_chance and decided
            true += not by_chance and decided
    assert true == 40
    assert by_interval >= 3
    assert false / (false + true) <= 0.05


def test_claims_of_the_study_are_complete_and_well_formed() -> None:
    rules, claims = load_claims()
    assert rules.minimum_models == 10
    signs = {(claim.family, claim.y.metric): claim.sign for claim in claims if claim.statistic == "spearman"}
    assert signs == {
        ("stealing", "stealing_accuracy"): -1, ("stealing", "stealing_agreement"): -1,
        ("membership", "auc"): 1, ("adversarial", "accuracy_drop"): -1, ("adversarial", "robust_accuracy"): 1,
    }  # fmt: skip
    assert {claim.sign for claim in claims if claim.statistic == "mean-difference"} == {-1}
    assert {claim.statistic for claim in claims} == set(CLAIMED) == set(STATISTICS)
    assert all("control" not in claim.purposes for claim in claims)
    assert len({claim.claim_id for claim in claims}) == len(claims)


def test_every_claim_but_those_on_detectors_is_made_of_benchmark_and_of_security_models_apart() -> None:
    claims = [claim for claim in load_claims()[1] if claim.family != "backdoor"]
    by_purpose: dict[tuple[str, ...], set[str]] = {}
    for claim in claims:
        by_purpose.setdefault(claim.purposes, set()).add(claim.claim_id.removeprefix("security/"))
    assert set(by_purpose) == {("benchmark",), ("security",)}
    assert by_purpose["benchmark",] == by_purpose["security",]
    assert all(c.claim_id.startswith("security/") == (c.purposes == ("security",)) for c in claims)


def test_a_claim_with_settings_is_one_claim_for_each() -> None:
    _, claims = load_claims()
    drops = [c for c in claims if c.claim_id.startswith("accuracy-drop-falls-with-task-accuracy/")]
    assert {"linf-1-255", "linf-8-255", "l2-0.5", "linf-0.1", "linf-0.3"} <= {c.y.setting for c in drops}
    for claim in drops:
        assert claim.claim_id.endswith(f"/{claim.y.setting}")
        assert "{" not in claim.title + claim.statement
    (one,) = (c for c in drops if c.y.setting == "linf-8-255")
    assert one.title == "Benchmark models: accuracy drop at L∞ 8/255 falls as task accuracy rises"
    assert one.remark("square") == (
        "The attacker asks for posteriors and has no gradients. A model cannot lose more accuracy than it "
        "has, which by itself lets the drop rise with the accuracy."
    )


def test_a_misspelt_claim_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    content = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
    entries = {entry["id"]: entry for entry in content["claims"]}
    broken = entries["accuracy-drop-falls-with-task-accuracy"]
    broken |= {"statistic": "spearmann", "title": "No setting in it"}
    broken["leave_out_flags"] = {"training-split-odd": None}
    broken["y"]["setting"] = "linf-8-255"
    broken["remarks"] = {"sqare": "A remark."}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setattr("sngen.findings.claims.CLAIMS", path)
    with pytest.raises(DataProblem) as caught:
        load_claims()
    text = str(caught.value)
    for words in (
        "'spearmann', expected one of spearman, mean-difference", "'training-split-odd', expected one of",
        "'sqare', expected one of white-box", "expected both or neither", "either settings or y.setting",
    ):  # fmt: skip
        assert words in text
    assert text.count("accuracy-drop-falls-with-task-accuracy") == 5


def test_findings_agree_with_an_independent_extraction(facts_folder: Any) -> None:
    """The correlations that the facts folder states for the same rows, to the digits given there."""
    models, scores = _from_facts(pd.read_csv(facts_folder / "securitynet_benchmark.csv"))
    rows = {row[F.finding_id]: row for row in findings(models, scores, [])}
    stealing, agreement = (
        "stealing-accuracy-falls-with-task-accuracy",
        "stealing-agreement-falls-with-task-accuracy",
    )
    membership = "membership-auc-rises-with-overfitting"
    expected = {
        f"{stealing}:cifar10:reported:partial-training-data": (-0.3649, 47, "supported"),
        f"{stealing}:svhn:reported:partial-training-data": (-0.3053, 40, "undecided"),
        f"{agreement}:cifar100:reported:partial-training-data": (-0.8778, 45, "supported"),
        f"{agreement}:imagenet-1k:reported:partial-training-data": (-0.9151, 117, "supported"),
        f"{membership}:imagenet-1k:reported:modified-entropy": (0.9152, 104, "supported"),
        f"{membership}:cub-200-2011:reported:modified-entropy": (-0.1033, 14, "undecided"),
    }  # fmt: skip
    for name, (value, n, word) in expected.items():
        assert (rows[name][F.value], rows[name][F.n]) == (pytest.approx(value, abs=5e-5), n), name
        assert rows[name][F.verdict] == word, name
    svhn = rows[f"{membership}:svhn:reported:modified-entropy"]
    assert svhn[F.verdict] == "not-testable"
    assert "40 left out for the flag train-accuracy-constant-in-dataset" in svhn[F.ci_method]


def _from_facts(facts: pd.DataFrame) -> tuple[Rows, Rows]:
    columns = {
        "target_accuracy": Quantity("utility", "clean", "test", "accuracy"),
        "overfit_gap": Quantity("utility", "clean", "train-test", "overfitting_level"),
        "stealing_accuracy": Quantity("stealing", "partial-training-data", "default", "stealing_accuracy"),
        "stealing_agreement": Quantity("stealing", "partial-training-data", "default", "stealing_agreement"),
        "mia_modified_entropy_auc": Quantity("membership", "modified-entropy", "default", "auc"),
    }
    models, scores = [], []
    for fact in facts.to_dict("records"):
        flags = fact["flags"].split(";") if isinstance(fact["flags"], str) else None
        model = MODELS.row(
            model_id=fact["id"],
            dataset_id=fact["dataset"],
            purpose=fact["purpose"],
            source_id="s",
            flags=flags,
        )
        models.append(model)
        scores += [
            _score(model, quantity, fact[column], method=quantity.method)
            for column, quantity in columns.items()
            if not pd.isna(fact[column])
        ]
    return models, scores


def test_rows_are_rows_of_the_contract() -> None:
    rows = evaluate_claims([CLAIM], RULES, *_catalogue(*_values(12)), [])
    assert set(_only(rows)) == set(FINDINGS.names)
