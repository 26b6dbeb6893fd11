"""The importer of pytorchcv, on a README and a model store made for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import explanation_of, models_of, scores_of, touched_by, upstream_of

from sngen.catalog.importers import Imported
from sngen.catalog.importers.pytorchcv import IMPORTER, convert
from sngen.catalog.importers.pytorchcv.tables import README, STORE
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M = MODELS.c
RELEASES = "https://github.com/osmr/imgclsmob/releases/download"
SHA = {name: f"{number:08x}" + "0" * 32 for number, name in enumerate(("net", "ported", "cifar", "seg"), 1)}
STORE_ROWS = (
    f"('net50', '0712', '{SHA['net']}', 'v0.0.1', 'Net-50', '1512.03385', 'in1k', 224, 0.875, 200, '')",
    f"('ported_b', '0640', '{SHA['ported']}', 'v0.0.2', '', '', 'in1k', 0, 0.0, 0, '')",
    f"('net20_cifar10', '0597', '{SHA['cifar']}', 'v0.0.3', '', '', 'cf', 0, 0.0, 0, '')",
    f"('seg_voc', '8144', '{SHA['seg']}', 'v0.0.4', '', '', 'voc', 0, 0.0, 0, '')",
)


def log(release: str, name: str, error: str, key: str, form: str = "pth") -> str:
    return f"([log]({RELEASES}/{release}/{name}-{error}-{SHA[key][:8]}.{form}.log))"


GLUON, PORTED = "Converted from GL model", "From [rw/pyt...models]"


def line(cells: str, remark: str, address: str) -> str:
    return f"| {cells} | {remark} {address} |"


NET, PORT = log("v0.0.1", "net50", "0712", "net"), log("v0.0.2", "ported_b", "0640", "ported")
IMAGENET = [
    line("Net-50 | 22.14 | 7.12 | 25,557,032 | 3,877.95M", GLUON, NET),
    line("Ported-b* | 22.74 | 6.40 | 5,438,392 | 2378.12M", PORTED, PORT),
]
CIFAR = [line("Net-20 | 5.97 | 272,474 | 41.29M", GLUON, log("v0.0.3", "net20_cifar10", "0597", "cifar"))]
SEGMENTATION = [
    line(
        "PSPNet | Net-50 | 98.09 | 81.44 | 65,708,501 | 230.01M",
        PORTED,
        log("v0.0.4", "seg_voc", "8144", "seg"),
    )
]


def readme(imagenet: list[str] = IMAGENET, cifar: list[str] = CIFAR, heading: str = "ImageNet-1K") -> str:
    return "\n".join(
        [
            f"### {heading}", "", "| Model | Top1 | Top5 | Params | FLOPs/2 | Remarks |",
            "| --- | ---: | ---: | ---: | ---: | --- |", *imagenet, "",
            "### CIFAR-10", "", "| Model | Error, % | Params | FLOPs/2 | Remarks |",
            "| --- | ---: | ---: | ---: | --- |", *cifar, "",
            "### Pascal VOC2012", "", "| Model | Extractor | Pix.Acc.,% | mIoU,% | Params | FLOPs/2 | Rest |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |", *SEGMENTATION, "",
            "[rw/pyt...models]: https://github.com/rw/pytorch-image-models", "",
        ]
    )  # fmt: skip


def store(rows: tuple[str, ...] = STORE_ROWS, names: str = "") -> str:
    fields = "name, error, checksum, repo_release_tag, caption, paper, ds, img_size, scale, batch, rem"
    listed = "".join(f"    {row},  # noqa\n" for row in rows)
    return (
        "import os\n\n_model_sha1 = {name: (error, checksum) for\n"
        f"               {names or fields} in [\n{listed}]}}\n\nraise SystemExit('must not be executed')\n"
    )


@pytest.fixture(scope="module")
def words(repository: Path) -> Vocabulary:
    return load_vocabulary(repository / "data" / "catalog" / "vocabulary")


def imported(words: Vocabulary, text: str = "", listed: str = "") -> Imported:
    return convert(upstream_of({README: text or readme(), STORE: listed or store()}), words)


def problems(words: Vocabulary, text: str = "", listed: str = "") -> list[str]:
    with pytest.raises(DataProblem) as raised:
        imported(words, text, listed)
    return raised.value.problems


# --- Tables ---------------------------------------------------------------------------------------------


def test_a_row_of_imagenet_with_everything(words: Vocabulary) -> None:
    found = imported(words)
    weights = f"net50-0712-{SHA['net'][:8]}.pth"
    assert models_of(found)["pytorchcv/net50"] == MODELS.row(
        model_id="pytorchcv/net50", name="net50", source_id="pytorchcv", source_file=README, source_row=5,
        task="classification", architecture="net50", parameters=25557032, macs=3877950000.0,
        input_size="3x224x224", crop_fraction=0.875, dataset_id="imagenet-1k", purpose="benchmark",
        publisher="Oleg Sémery", publisher_type="individual", paper_url="https://arxiv.org/abs/1512.03385",
        weights_kind="archive", weights_url=f"{RELEASES}/v0.0.1/{weights}.zip", weights_file=weights,
        weights_revision="v0.0.1", weights_checksum=f"sha1:{SHA['net']}", weights_format="torch",
        interpolation="bilinear", mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225],
        license="MIT", license_scope="repository", loader="pytorchcv/net50",
        note=f"Trained in MXNet Gluon and converted; training log: {RELEASES}/v0.0.1/{weights}.log",
        source_words='{"architecture": "Net-50", "dataset_id": "ImageNet-1K"}',
    )  # fmt: skip
    assert scores_of(found, "pytorchcv/net50") == {
        ("Top1", "accuracy"): 0.7786, ("Top5", "top5_accuracy"): 0.9288,
    }  # fmt: skip
    score = found.tables[SCORES.name][0]
    assert (score[SCORES.c.source_row], score[SCORES.c.source_file]) == (5, README)


def test_weights_of_somebody_else_are_a_copy(words: Vocabulary) -> None:
    found = models_of(imported(words))
    assert found["pytorchcv/ported-b"][M.copy_kind] == "converted"
    assert found["pytorchcv/ported-b"][M.note].startswith(
        "Weights of https://github.com/rw/pytorch-image-models;"
    )
    assert found["pytorchcv/net50"][M.copy_kind] is None
    assert found["pytorchcv/ported-b"][M.macs] == 2378120000.0, "thousands without a comma"


def test_outside_imagenet_the_dataset_is_no_part_of_the_architecture(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["pytorchcv/net20-cifar10"]
    assert (row[M.name], row[M.architecture], row[M.dataset_id]) == ("net20_cifar10", "net20", "cifar10")
    assert scores_of(found, "pytorchcv/net20-cifar10") == {("Error, %", "accuracy"): 0.9403}
    assert touched_by(found, "architecture-from-name") == [
        ("pytorchcv/net20-cifar10", M.architecture, "net20_cifar10", "net20")
    ]


# --- Rules, flags and checks ----------------------------------------------------------------------------


def test_zeros_of_the_model_store_are_emptied(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["pytorchcv/ported-b"]
    assert (row[M.input_size], row[M.crop_fraction], row[M.paper_url]) == (None, None, None)
    assert {(row_id, column) for row_id, column, _, _ in touched_by(found, "zero-means-not-stated")} == {
        (row_id, column)
        for row_id in ("pytorchcv/ported-b", "pytorchcv/net20-cifar10")
        for column in ("img_size", "scale")
    }


def test_what_is_not_stated_is_that_of_the_datasets_evaluation(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["pytorchcv/net20-cifar10"]
    assert (row[M.input_size], row[M.crop_fraction], row[M.interpolation]) == ("3x32x32", None, None)
    assert row[M.mean] == [0.4914, 0.4822, 0.4465] and row[M.std] == [0.2023, 0.1994, 0.2010]
    assert row[M.loader] == "pytorchcv/net20_cifar10"
    assert touched_by(found, "size-of-the-evaluation") == [("pytorchcv/net20-cifar10", "img_size", None, 32)]
    plain = models_of(imported(words, readme([IMAGENET[0], IMAGENET[1].replace("*", "")])))
    row = plain["pytorchcv/ported-b"]
    assert (row[M.input_size], row[M.crop_fraction], row[M.interpolation]) == ("3x224x224", 0.875, "bilinear")
    assert row[M.loader] == "pytorchcv/ported_b"


def test_a_starred_row_states_no_normalisation_and_is_not_built(words: Vocabulary) -> None:
    row = models_of(imported(words))["pytorchcv/ported-b"]
    assert (row[M.mean], row[M.std], row[M.interpolation], row[M.loader]) == (None, None, None, None)


def test_a_star_becomes_a_flag(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["pytorchcv/ported-b"]
    assert row[M.flags] == ["non-standard-preprocessing"]
    assert '"architecture": "Ported-b"' in row[M.source_words]
    assert touched_by(found, "star-removed-from-name") == [
        ("pytorchcv/ported-b", "Model", "Ported-b*", "Ported-b")
    ]
    assert models_of(found)["pytorchcv/net50"][M.flags] is None


@pytest.mark.parametrize(
    ("cell", "flags"),
    [
        (log("v0.0.3", "net20_cifar10", "0597", "cifar", "npz"), ["log-link-is-npz"]),
        (log("v0.0.3", "net20_cifar10", "0597", "net"), ["log-hash-differs-from-model-store"]),
        (log("v0.0.9", "net20_cifar10", "0597", "cifar"), ["log-release-differs-from-model-store"]),
    ],
)
def test_odd_logs_are_flagged_and_do_not_touch_the_weights(
    words: Vocabulary, cell: str, flags: list[str]
) -> None:
    row = f"| Net-20 | 5.97 | 272,474 | 41.29M | Converted from GL model {cell} |"
    found = models_of(imported(words, readme(cifar=[row])))["pytorchcv/net20-cifar10"]
    assert found[M.flags] == flags
    assert found[M.weights_url] == f"{RELEASES}/v0.0.3/net20_cifar10-0597-{SHA['cifar'][:8]}.pth.zip"


def test_an_error_that_is_not_that_of_the_file_is_an_exception_of_the_check(words: Vocabulary) -> None:
    assert touched_by(imported(words), "error-of-file-name") == []
    found = imported(words, readme(cifar=[CIFAR[0].replace("5.97", "5.98")]))
    assert [row_id for row_id, *_ in touched_by(found, "error-of-file-name")] == ["pytorchcv/net20-cifar10"]


def test_what_is_left_out_is_named(words: Vocabulary) -> None:
    found = imported(words, readme(cifar=[]))
    assert "1 rows of the README. Pascal VOC2012: PSPNet." in explanation_of(found, "not-a-classifier")
    assert "1: net20_cifar10." in explanation_of(found, "not-in-the-readme")


# --- Errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words_of_it"),
    [
        ("22.14", "n/a", "line 5, column 'Top1': found 'n/a'"),
        ("25,557,032", "25.5M", "line 5, column 'Params': found '25.5M'"),
        ("3,877.95M", "3.9G", "line 5, column 'FLOPs/2': found '3.9G'"),
        ("net50-0712", "net51-0712", "found 'net51', expected an entry of the model store (nearest: net50)"),
        ("Converted from GL model ([log]", "Converted ([log]", "line 5, column 'Remarks': found 'Converted"),
        ("From [rw/pyt...models] ", "From [nobody/knows] ", "found [nobody/knows], expected a line"),
        ("| Top1 | Top5 |", "| Top-1 | Top5 |", "line 3: found the columns Model, Top-1, Top5"),
        ("### ImageNet-1K", "### ImageNet-9K", "heading of the table: found 'ImageNet-9K'"),
        ("ported_b-0640", "net50-0640", "which would be pytorchcv/net50 a second time"),
    ],
)
def test_what_is_odd_in_the_readme_is_named(
    words: Vocabulary, before: str, after: str, words_of_it: str
) -> None:
    text = readme()
    assert before in text
    (problem,) = problems(words, text.replace(before, after, 1))
    assert words_of_it in problem
    assert problem.startswith(README)


@pytest.mark.parametrize(
    ("before", "after", "words_of_it"),
    [
        ("'0712'", "'712'", "line 5, error: found '712'"),
        ("224, 0.875", "'224', 0.875", "line 5, img_size: found '224'"),
        ("'1512.03385'", "'CVPR 2016'", "line 5, paper: found 'CVPR 2016'"),
        (SHA["net"], "abc", "line 5, checksum: found 'abc'"),
        ("200, '')", "200)", "line 5: found"),
        ("'v0.0.1'", "os.getcwd()", "line 5: found an expression, expected a tuple of constants"),
        ("'ported_b'", "'net50'", "line 6: found 'net50' a second time"),
        ("_model_sha1", "_models", "found no _model_sha1"),
        ("caption, paper", "paper, caption", "line 3: found another form of _model_sha1"),
        ("]}", "]", "expected Python source"),
    ],
)
def test_what_is_odd_in_the_model_store_is_named(
    words: Vocabulary, before: str, after: str, words_of_it: str
) -> None:
    listed = store()
    assert before in listed
    found = problems(words, listed=listed.replace(before, after, 1))
    assert any(words_of_it in problem for problem in found), found
    assert found[0].startswith(STORE)


def test_all_problems_are_said_at_once(words: Vocabulary) -> None:
    assert len(problems(words, readme().replace("25,557,032", "x").replace("272,474", "y"))) == 2


def test_it_reads_the_two_files() -> None:
    assert IMPORTER.files == (README, STORE)
