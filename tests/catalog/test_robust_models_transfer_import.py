"""Every rule, flag and error of the importer of robust-models-transfer, on files made for it."""

from __future__ import annotations

import pytest
from robust_sources import WORDS, keeps_the_contract, models, touched, upstream, values, words

from sngen.catalog.importers import Imported
from sngen.catalog.importers.robust_models_transfer import convert
from sngen.catalog.importers.robust_models_transfer.html_tables import read_rows
from sngen.catalog.importers.robust_models_transfer.models import with_outer_pipes
from sngen.catalog.vocabulary import load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
STORE = "https://store.example/models"
TOKEN = "se=2021-10-05&sig=top-secret%3D"


def cell(accuracy: str, name: str) -> str:
    return f"[{accuracy}]({STORE}/{name}.ckpt?{TOKEN})"


RESNET = [
    cell("69.79", "resnet18_l2_eps0"),
    cell("65.0", "resnet18_l2_eps0.5"),
    cell("53.1", "resnet18_l2_eps3"),
]
VGG = [
    cell("73.66", "vgg16_bn_l2_eps0"),
    cell("70.0", "vgg16_bn_l2_eps0.5"),
    cell("57.19", "vgg16_bn_l2_eps3"),
]
README = f"""# Transfer
### Standard Accuracy of L2-Robust ImageNet Models

|Model|&epsilon;=0|&epsilon;=0.5|&epsilon;=3.0|
|---|:---:|:---:|:---:|
|ResNet-18 |{RESNET[0]} | {RESNET[1]}|{RESNET[2]}|
VGG16_bn|{VGG[0]} | {VGG[1]} |{VGG[2]}

### Standard Accuracy of Linf-Robust ImageNet Models
|Model|&epsilon;=0.5/255|
|---|:---:|
|ResNet-18|{cell("66.13", "resnet18_linf_eps0.5")}|

# Contributing | a line | with pipes
"""
BODY = """    <tr>
      <th rowspan="2" valign="top">pets</th>
      <th rowspan="2" valign="top">resnet18</th>
      <th>-1</th>
      <td>0.010</td>
      <td>3.00</td>
      <td>0.0005</td>
      <td>64</td>
      <td>150</td>
      <td>50</td>
      <td>91.418983</td>
    </tr>
    <tr>
      <th>4</th>
      <td>0.001</td>
      <td>0.50</td>
      <td>0.0005</td>
      <td>64</td>
      <td>150</td>
      <td>50</td>
      <td>51.063301</td>
    </tr>
"""


def table(body: str = BODY, last: str = "nat_prec1") -> str:
    columns = ("lr", "eps", "weight_decay", "batch_size", "epochs", "step_lr", last)
    first = "".join(f"<th>{name}</th>" for name in ("", "", "", *columns))
    second = "".join(f"<th>{name}</th>" for name in ("dataset", "arch", "freeze_level", *[""] * 7))
    head = f"<thead><tr>{first}</tr><tr>{second}</tr></thead>"
    return f"<table>\n{head}\n<tbody>\n{body}</tbody></table>\n"


def imported(readme: str = README, transfers: str | None = None) -> Imported:
    best = table() if transfers is None else transfers
    files = {"README.md": readme, "best_params_per_dataset_per_arch.md": best}
    return convert(upstream(files), load_vocabulary(WORDS))


def problems(readme: str = README, transfers: str | None = None) -> list[str]:
    with pytest.raises(DataProblem) as caught:
        imported(readme, transfers)
    return caught.value.problems


def test_a_cell_becomes_a_model_and_its_accuracy() -> None:
    found = imported()
    assert list(models(found)) == [
        f"robust-models-transfer/{name}"
        for name in (
            "resnet18-l2-eps0", "resnet18-l2-eps0.5", "resnet18-l2-eps3", "vgg16-bn-l2-eps0",
            "vgg16-bn-l2-eps0.5", "vgg16-bn-l2-eps3", "resnet18-linf-eps0.5",
        )
    ]  # fmt: skip
    name = "robust-models-transfer/vgg16-bn-l2-eps3"
    model = models(found)[name]
    hub = "madrylab/robust-imagenet-models"
    expected = {
        M.name: "vgg16_bn_l2_eps3.ckpt", M.architecture: "VGG16_bn", M.source_row: 7,
        M.dataset_id: "imagenet-1k", M.threat_norm: "L2", M.threat_eps: "3.0", M.threat_eps_value: 3.0,
        M.security_role: "adversarially-trained", M.training_kind: "adversarial", M.purpose: "security",
        M.weights_hub_id: hub, M.weights_file: "vgg16_bn_l2_eps3.ckpt", M.weights_inferred: True,
        M.weights_url: f"https://huggingface.co/{hub}/resolve/main/vgg16_bn_l2_eps3.ckpt",
        M.license: "MIT", M.license_scope: "weights", M.publisher: "Microsoft", M.num_authors: 5,
    }  # fmt: skip
    assert {column: model[column] for column in expected} == expected
    assert values(found, name) == {"clean:test:accuracy": 0.5719}
    assert keeps_the_contract(found) == []


def test_the_bound_0_is_standard_training() -> None:
    model = models(imported())["robust-models-transfer/resnet18-l2-eps0"]
    assert (model[M.security_role], model[M.training_kind]) == ("standard-reference", "standard")
    assert (model[M.threat_norm], model[M.threat_eps], model[M.threat_eps_value]) == (None, None, None)


def test_bounds_in_pixel_values() -> None:
    model = models(imported())["robust-models-transfer/resnet18-linf-eps0.5"]
    assert (model[M.threat_norm], model[M.threat_eps], model[M.threat_eps_value]) == (
        "Linf", "0.5/255", 0.5 / 255
    )  # fmt: skip


def test_access_tokens_are_removed_and_appear_nowhere() -> None:
    found = imported()
    name = "robust-models-transfer/resnet18-l2-eps3"
    address = f"{STORE}/resnet18_l2_eps3.ckpt"
    assert words(models(found)[name])[M.weights_url] == address
    assert (name, f"{address}?signature", address) in touched(found, "access-token-removed")
    assert models(found)[name][M.flags] == ["link-expired-2021-10"]
    assert "top-secret" not in repr(found)
    open_link = README.replace(f"?{TOKEN}", "")
    assert models(imported(open_link))[name][M.flags] is None


def test_a_transfer_is_a_score_of_the_network_that_was_transferred() -> None:
    found = imported()
    rows = [row for row in found.tables[SCORES.name] if row[S.method] == "transfer"]
    assert [
        (row[S.model_id], row[S.dataset_id], row[S.setting], row[S.value], row[S.source_row]) for row in rows
    ] == [
        ("robust-models-transfer/resnet18-l2-eps3", "oxford-iiit-pet", "full-network", 0.91418983, 4),
        ("robust-models-transfer/resnet18-l2-eps0.5", "oxford-iiit-pet", "fixed-feature", 0.51063301, 16),
    ]
    assert "lr 0.010, weight_decay 0.0005, batch_size 64, epochs 150, step_lr 50" in rows[0][S.note]
    assert rows[0][S.flags] == ["best-over-hyperparameters", "weights-not-published"]
    flagged = [row_id for row_id, _, _ in touched(found, "weights-not-published")]
    assert flagged == [row[S.score_id] for row in rows]


def test_lines_keep_their_numbers_when_pipes_are_added() -> None:
    piped = with_outer_pipes(README).split("\n")
    assert len(piped) == len(README.split("\n"))
    assert piped[6].startswith("|VGG16_bn|")
    assert piped[-2] == "# Contributing | a line | with pipes"


def test_header_cells_fill_the_rows_that_they_span() -> None:
    _, body = read_rows(table(), "file")
    assert [row.headers for row in body] == [["pets", "resnet18", "-1"], ["pets", "resnet18", "4"]]
    assert [row.cells[-1] for row in body] == ["91.418983", "51.063301"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("[57.19]", "[high]", "README.md, line 7, column '&epsilon;=3.0': found '[high](https"),
        ("[57.19]", "[157.19]", "expected [percentage](address)"),
        ("vgg16_bn_l2_eps3.ckpt", "vgg16_bn_l2_eps5.ckpt", "expected a file ..._l2_eps3.0.ckpt"),
        ("vgg16_bn_l2_eps3.ckpt", "vgg16_bn_linf_eps3.ckpt", "link to 'vgg16_bn_linf_eps3.ckpt'"),
        ("vgg16_bn_l2_eps3.ckpt", "resnet18_l2_eps3.ckpt", "a second time (first: README.md, line 6"),
        ("L2-Robust", "L9-Robust", "line 4: found the heading 'Standard Accuracy of L9-Robust"),
        ("L2-Robust ImageNet", "L2-Robust ImgeNet", "found 'ImgeNet'"),
        ("&epsilon;=3.0", "top-5", "line 4: found the columns Model, &epsilon;=0, &epsilon;=0.5, top-5"),
        ("|Model|", "|Network|", "found no table of models"),
    ],
)
def test_an_unexpected_readme(before: str, after: str, expected: str) -> None:
    assert any(expected in said for said in problems(README.replace(before, after)))


@pytest.mark.parametrize(
    ("transfers", "expected"),
    [
        (table(last="precision"), "found the columns lr, eps"),
        (
            table(BODY.replace("91.418983", "nan")),
            "line 4, column 'nat_prec1': found 'nan', expected a number",
        ),
        (table(BODY.replace("<th>4</th>", "<th>3</th>")), "line 16, column 'freeze_level': found '3'"),
        (table(BODY.replace("pets", "petz")), "line 4, column 'dataset': found 'petz'"),
        (table(BODY.replace("resnet18", "resnet19")), "there is no robust-models-transfer/resnet19-l2-eps3"),
        (table(BODY.replace("      <td>64</td>\n", "", 1)), "line 4: found 3 header cells and 6 cells"),
        (table(BODY.replace('rowspan="2"', 'rowspan="two"', 1)), "found rowspan 'two'"),
        ("# nothing", "found no row of a table's body"),
    ],
)
def test_an_unexpected_table_of_transfers(transfers: str, expected: str) -> None:
    assert any(expected in said for said in problems(transfers=transfers))
