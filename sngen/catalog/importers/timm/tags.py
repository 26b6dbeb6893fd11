"""What a tag says of training: ``clip_laion2b_soup_ft_in12k_in1k_384`` went from LAION-2B over ImageNet-12k
to ImageNet-1k."""

from __future__ import annotations

from dataclasses import dataclass

from sngen.catalog.vocabulary import Vocabulary

#: How the abbreviations of tags stand among the spellings of datasets.
PREFIX = "timm tag "
_FINE_TUNED = "ft"


@dataclass(frozen=True)
class Chain:
    """Datasets in the order of training; ``from_unnamed`` if the tag says that weights were fine-tuned which
    were trained on something that it does not name."""

    datasets: tuple[str, ...]
    from_unnamed: bool


def read_chain(tag: str, vocabulary: Vocabulary) -> Chain:
    """Abbreviations may span two words of the tag (``metaclip_400m``); words that name no dataset say how
    was trained, and are passed over."""
    words = tag.split("_")
    datasets: list[str] = []
    from_unnamed = False
    position = 0
    while position < len(words):
        for length in (2, 1):
            dataset = vocabulary.dataset(PREFIX + "_".join(words[position : position + length]))
            if dataset is not None:
                datasets.append(dataset)
                break
        else:
            length = 1
            from_unnamed |= words[position] == _FINE_TUNED and not datasets
        position += length
    return Chain(tuple(datasets), from_unnamed and bool(datasets))
