"""What page generators are given, computed once for all pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sngen.catalog.relating.distinct import copies, distinct_weights
from sngen.leaderboard.comparable import Board, Quantity, boards
from sngen.leaderboard.drawing import Draw
from sngen.leaderboard.model_charts import Section, model_pictures
from sngen.leaderboard.pictures import Picture
from sngen.leaderboard.ranks import Ranking, ranking
from sngen.leaderboard.snapshot import Row, Snapshot
from sngen.schema import DATASETS, MODELS, RELATIVES, SCORES


@dataclass(frozen=True)
class Context:
    """``protocols`` are the parsed protocol files, ``draw`` and ``bundle`` see ``sngen.leaderboard.drawing``,
    ``repository_url`` is where mistakes are reported, if that is known, ``spellings`` maps spellings of
    datasets to their ids."""

    snapshot: Snapshot
    protocols: tuple[dict[str, Any], ...]
    draw: Draw
    bundle: str
    repository_url: str | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def boards(self) -> list[Board]:
        """Withdrawn scores too: the boards name what they leave out."""
        return boards(self.snapshot.tables[SCORES.name], self.snapshot.models)

    @cached_property
    def boards_of(self) -> dict[tuple[str, str], list[Board]]:
        """Boards by family and dataset."""
        groups: dict[tuple[str, str], list[Board]] = defaultdict(list)
        for board in self.boards:
            groups[board.family, board.dataset_id].append(board)
        return dict(groups)

    @cached_property
    def rankings(self) -> dict[int, Ranking | None]:
        """Rankings by the board's position in ``boards``."""
        return {position: ranking(board, self.snapshot) for position, board in enumerate(self.boards)}

    def ranking_of(self, board: Board) -> Ranking | None:
        return self.rankings[self._positions[id(board)]]

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {id(board): position for position, board in enumerate(self.boards)}

    def values_of(self, board: Board, quantity: Quantity) -> np.ndarray:
        """All values of one column of a board, ascending."""
        return self._values[id(board), quantity]

    @cached_property
    def _values(self) -> dict[tuple[int, Quantity], np.ndarray]:
        values: dict[tuple[int, Quantity], list[float]] = defaultdict(list)
        for board in self.boards:
            for scores in board.scores.values():
                for quantity, score in scores.items():
                    values[id(board), quantity].append(score[SCORES.c.value])
        return {key: np.sort(found) for key, found in values.items()}

    def pictures_of(self, model_id: str) -> dict[Section, list[Picture]]:
        """Charts of a model's page, by section; they are drawn once."""
        if model_id not in self._pictures:
            self._pictures[model_id] = model_pictures(model_id, self.snapshot, self.draw, self.bundle)
        return self._pictures[model_id]

    @cached_property
    def _pictures(self) -> dict[str, dict[Section, list[Picture]]]:
        return {}

    def board(self, family: str, dataset_id: str, origin: str, basis: str) -> Board | None:
        for board in self.boards_of.get((family, dataset_id), ()):
            if (board.origin, board.basis) == (origin, basis):
                return board
        return None

    def distinct(self, models: Iterable[str]) -> int:
        """How many different weights the models are, as far as the table of relatives knows."""
        return len({self._representatives.get(model, model) for model in models})

    @cached_property
    def _representatives(self) -> dict[str, str]:
        models = self.snapshot.models.values()
        return distinct_weights(self.snapshot.tables[RELATIVES.name], copies(models))

    @cached_property
    def evaluated_on(self) -> dict[str, set[str]]:
        """Models by dataset that they have a score on."""
        groups: dict[str, set[str]] = defaultdict(set)
        for score in self.snapshot.scores:
            groups[score[SCORES.c.dataset_id]].add(score[SCORES.c.model_id])
        return dict(groups)

    @cached_property
    def made_for(self) -> dict[str, list[Row]]:
        """Models by the dataset that they were made to classify."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for model in self.snapshot.models.values():
            if model[MODELS.c.dataset_id] is not None:
                groups[model[MODELS.c.dataset_id]].append(model)
        return dict(groups)

    @cached_property
    def boards_with(self) -> dict[str, list[Board]]:
        """Boards by model."""
        groups: dict[str, list[Board]] = defaultdict(list)
        for board in self.boards:
            for model_id in board.scores:
                groups[model_id].append(board)
        return dict(groups)

    def dataset_name(self, dataset_id: str) -> str:
        return str(self.snapshot.datasets[dataset_id][DATASETS.c.name])
