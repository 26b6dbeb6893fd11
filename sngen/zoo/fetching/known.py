"""What the first fetch of a file found where the catalogue states no hash: later content must be the same."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from sngen.errors import CheckFailed, UsageError
from sngen.schema import ID_PATTERN, SHA256_PATTERN
from sngen.settings import Settings
from sngen.whole_files import write_files


@dataclass(frozen=True)
class Known:
    """``url``: the address that was asked; ``size`` and ``sha256`` of the published file; ``date`` in UTC;
    ``revision``: the commit that a branch stood for; ``member_sha256``: the checkpoint within an archive,
    and ``member`` how the catalogue named it there."""

    url: str
    size: int
    sha256: str
    date: str
    revision: str | None = None
    member_sha256: str | None = None
    member: str | None = None


def known_path(model_id: str, settings: Settings) -> Path:
    if not re.fullmatch(ID_PATTERN, model_id):
        raise UsageError(f"{model_id!r} is not the id of a model.")
    return settings.cache / "known" / f"{model_id}.json"


def read_known(model_id: str, settings: Settings) -> Known | None:
    """Raises ``CheckFailed`` for a record that is not one."""
    path = known_path(model_id, settings)
    try:
        body = json.loads(path.read_bytes())
        known = Known(**body)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise CheckFailed(
            f"{path} is not a record of a fetch ({error}). Delete it and fetch again."
        ) from error
    hashes = (known.sha256, *filter(None, [known.member_sha256]))
    wrong = [name for name in ("url", "date") if not isinstance(getattr(known, name), str)]
    if wrong or not all(isinstance(one, str) and re.fullmatch(SHA256_PATTERN, one) for one in hashes):
        expected = ", ".join(field.name for field in fields(Known))
        raise CheckFailed(f"{path}: expected {expected}, the hashes SHA-256. Delete it and fetch again.")
    return known


def write_known(model_id: str, known: Known, settings: Settings) -> Path:
    path = known_path(model_id, settings)
    write_files({path: json.dumps(asdict(known), indent=1).encode() + b"\n"})
    return path
