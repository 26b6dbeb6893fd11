"""The command ``python -m evaluations``. Importing it brings no torch: only a unit's process needs that."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from evaluations.data_command import command as data_command
from evaluations.engine import tables
from evaluations.engine.batch import run_batch
from evaluations.engine.costs import Costs
from evaluations.engine.devices import of_device
from evaluations.engine.engine import Engine
from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import make_plan
from evaluations.engine.pool import Pool, start_server
from evaluations.engine.provenance import Environment
from evaluations.engine.published import find_published
from evaluations.engine.reproduce import find_work, run_again
from evaluations.engine.status import read_status
from evaluations.engine.unit import Conditions
from evaluations.engine.verdict import DIFFERS
from evaluations.engine.work import SUITES, Selection, choose_models, of_methods, select
from evaluations.method import CPU
from evaluations.protocol import load_protocols
from evaluations.registry import find_methods
from sngen import __version__
from sngen.catalog.store import load_catalog
from sngen.cli import run as run_command
from sngen.errors import UsageError
from sngen.results import ResultStore
from sngen.schema import DATASETS, MODELS
from sngen.settings import Settings
from sngen.store import open_store

CATALOG = Path("data/catalog")
RESULTS = ("data/results", "build/results")
INTERRUPTED = 130
ENGINES = ("local", "ray", "slurm")
SLURM_FOLDER, SLURM_WORKERS = Path("build/slurm"), 64

Command = Callable[..., Any]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="python -m evaluations")
def cli() -> None:
    """Evaluate public image classifiers by versioned protocols, in batches that can stop and go on."""


cli.add_command(data_command)

_catalog = click.option(
    "--catalog", "catalog_folder", type=click.Path(path_type=Path), default=CATALOG, show_default=True,
    help="Folder of the catalogue.",
)  # fmt: skip
_protocols = click.option(
    "--protocol", "protocol_names", multiple=True, metavar="ID|FILE",
    help="A protocol, such as utility/1, or a protocol file. Default: all of the project's own.",
)  # fmt: skip
_results = click.option(
    "--results", "address", default=RESULTS[1], show_default=True, metavar="FOLDER|ADDRESS",
    help="The result store: a folder, or a bucket such as s3://bucket/folder that several machines share.",
)  # fmt: skip

_measured = click.option(
    "--results", "stores", multiple=True, default=RESULTS, show_default=True, metavar="FOLDER|ADDRESS",
    help="Published records: a folder or a bucket; may be given more than once.",
)  # fmt: skip
_device = click.option(
    "--device", default=CPU, show_default=True, metavar="NAME",
    help="Where networks run: cpu, or torch's name of an accelerator, such as cuda. The tier gpu is measured "
    "on accelerators, the others on the processor.",
)  # fmt: skip


def _selecting(command: Command) -> Command:
    options = (
        click.option("--suite", type=click.Choice(list(SUITES)), help="The models of an embedded suite."),
        click.option(
            "--models", "patterns", multiple=True, metavar="ID",
            help="Model ids; * and ? stand for any characters. Default: all models.",
        ),
        _protocols,
        click.option(
            "--method", "method_names", multiple=True, metavar="NAME",
            help="A method of the protocols, such as square. Default: all of them.",
        ),
        _device,
        _catalog,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@_selecting
@_measured
@click.option("--units", "list_units", is_flag=True, help="Also list every unit with its record id.")
def plan(list_units: bool, stores: tuple[str, ...], device: str, **selecting: Any) -> None:
    """What a run would measure: units by protocol, tier and dataset, what they would cost, and what is left
    out and why."""
    made = make_plan(_selection(**selecting, device=device), _inputs())
    click.echo(tables.plan_table(made, _costs(stores, device)))
    if list_units:
        rows = [(unit.work.name, unit.work.tier, unit.record_id[:16]) for unit in made.units]
        rows += [(work.name, work.tier, "after training") for work in made.unprepared]
        click.echo("\n" + tables.aligned(("unit", "tier", "record"), rows))


@cli.command()
@_selecting
@_results
@click.option(
    "--engine",
    "engine_name",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="Where units run: in processes of this machine, as tasks of the Ray cluster at RAY_ADDRESS, or in "
    "job arrays of Slurm.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Units at a time. Default: half of the cores of this machine, a whole Ray cluster, "
    f"{SLURM_WORKERS} on Slurm.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Threads of each unit."
)
@click.option(
    "--gpus",
    type=click.FloatRange(min=0.0, min_open=True),
    default=1.0,
    show_default=True,
    help="GPUs that a unit takes with --device cuda on a cluster; on Ray, 0.5 lets two share one.",
)
@click.option(
    "--slurm",
    "slurm_options",
    multiple=True,
    metavar="NAME=VALUE",
    help="What sbatch is told besides, such as partition=gpu or time=600 (minutes).",
)
@click.option(
    "--slurm-folder",
    type=click.Path(path_type=Path),
    default=SLURM_FOLDER,
    show_default=True,
    help="Where submitit's files go; all nodes share it.",
)
def run(
    address: str,
    engine_name: str,
    workers: int | None,
    threads: int,
    gpus: float,
    slurm_options: tuple[str, ...],
    slurm_folder: Path,
    device: str,
    **selecting: Any,
) -> None:
    """Measure every selected unit that the store lacks; stop and go on at any moment.

    A unit that fails does not stop the others; running again tries it again. Exit code 1 if any failed,
    130 after Ctrl-C.
    """
    taken = 0.0 if device == CPU else gpus
    engines: dict[str, Callable[[], Engine]] = {
        "local": lambda: Pool(workers or max(1, _cores() // (2 * threads))),
        "ray": lambda: _ray(workers, threads, taken),
        "slurm": lambda: _slurm(workers, threads, taken, slurm_folder, slurm_options),
    }
    try:
        _run(address, engines[engine_name], threads, device, selecting)
    except KeyboardInterrupt:
        click.echo("stopped before the first unit; nothing is half-written.", err=True)
        sys.exit(INTERRUPTED)


def _ray(workers: int | None, threads: int, gpus: float) -> Engine:
    from evaluations.engine.on_ray import RayEngine  # noqa: PLC0415 - an extra

    return RayEngine(threads, gpus, workers)


def _slurm(workers: int | None, threads: int, gpus: float, folder: Path, options: tuple[str, ...]) -> Engine:
    from evaluations.engine.on_slurm import SlurmEngine  # noqa: PLC0415 - an extra

    if gpus != int(gpus):
        raise UsageError(f"--gpus {gpus}: Slurm gives whole ones. Give 1, or run on Ray.")
    told = {name: value for name, _, value in (option.partition("=") for option in options)}
    for name, value in told.items():
        if not name or not value:
            raise UsageError(f"--slurm {name}: expected NAME=VALUE, such as partition=gpu.")
    if not told.get("time", "1").isdigit():
        raise UsageError(f"--slurm time={told['time']}: expected minutes, such as time=600.")
    return SlurmEngine(workers or SLURM_WORKERS, threads, int(gpus), folder, told)


def _run(
    address: str, start: Callable[[], Engine], threads: int, device: str, selecting: dict[str, Any]
) -> None:
    selection = _selection(**selecting, device=device, prepare=start_server)
    costs = _costs(RESULTS[:1], CPU)
    engine = start()
    environment = Environment.here(CPU if engine.is_remote else device)
    how = Conditions(threads, environment, _now, device=device)
    summary = run_batch(selection, _inputs(), address, engine, how, sys.stderr, costs)
    click.echo(tables.summary_lines(summary, address))
    if summary.interrupted:
        sys.exit(INTERRUPTED)
    if summary.failures:
        sys.exit(1)
    if summary.measured + summary.there == 0:
        raise UsageError("there was nothing to measure; the reasons are above.")


@cli.command()
@_selecting
@_results
def status(address: str, device: str, **selecting: Any) -> None:
    """How many units are done, running, failed and missing, what is left to do, and who is at work."""
    made = make_plan(_selection(**selecting, device=device), _inputs())
    found = read_status(made, open_store(address))
    click.echo(tables.status_table(found, _costs(dict.fromkeys((RESULTS[0], address)), device)))


@cli.command()
@click.argument("score_id")
@_measured
@_protocols
@_device
@_catalog
def reproduce(
    score_id: str,
    stores: tuple[str, ...],
    protocol_names: tuple[str, ...],
    device: str,
    catalog_folder: Path,
) -> None:
    """Run the unit behind SCORE_ID again: published, interval, measured now, verdict.

    Exit code 0 if the number is equal or within its interval, 1 if it differs.
    """
    catalog = load_catalog(catalog_folder)
    published = find_published(score_id, stores, catalog)
    start_server()
    work = find_work(published, catalog, load_protocols(protocol_names), find_methods())
    reproduction = run_again(published, work, _inputs(), _now, device=device)
    click.echo(tables.reproduction_table(reproduction))
    if reproduction.verdict.word == DIFFERS:
        sys.exit(1)


@cli.command()
def methods() -> None:
    """The methods that are here, the project's own and those of installed packages."""
    rows = [(m.family, m.name, m.version, m.function.__module__) for m in find_methods().values()]
    click.echo(tables.aligned(("family", "method", "version", "module"), rows))


def _selection(
    suite: str | None,
    patterns: tuple[str, ...],
    protocol_names: tuple[str, ...],
    method_names: tuple[str, ...],
    device: str,
    catalog_folder: Path,
    prepare: Callable[[], object] = lambda: None,
) -> Selection:
    """``prepare`` is called when the request is known to make sense and before methods bring torch."""
    catalog = load_catalog(catalog_folder)
    models = choose_models(catalog[MODELS.name], suite, patterns)
    protocols = load_protocols(protocol_names)
    prepare()
    selected = select(models, catalog[DATASETS.name], protocols, find_methods(), catalog[MODELS.name])
    return of_device(of_methods(selected, method_names), device)


def _costs(stores: Iterable[str], device: str) -> Costs:
    """Judged by the records of the stores, on this machine as it is now."""
    from evaluations.calibration import kernel_seconds_of_one_thread  # noqa: PLC0415 - torch

    records = (record for store in stores for record in ResultStore(store).intact())
    return Costs.of_records(records, kernel_seconds_of_one_thread(device))


def _inputs() -> Inputs:
    return Inputs(Settings.from_environment())


def _now() -> datetime:
    return datetime.now(UTC)


def _cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def main() -> None:
    run_command(cli, "python -m evaluations")
