"""What the reference answered (tests/data/cases.jsonl), replayed: 600 sets of hook files with five containers each."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import libhooks


def directories(case: dict[str, Any], place: Path) -> list[Path]:
    """The hooks directories of a case."""
    paths = []
    for index, files in enumerate(case["dirs"]):
        path = place / str(index)
        path.mkdir(parents=True)
        for name, content in files.items():
            (path / name).write_bytes(base64.b64decode(content))
        paths.append(path)
    return paths


def test_the_references_answers(root: Path, tmp_path: Path) -> None:
    refused = answers = 0
    lines = (root / "tests/data/cases.jsonl").read_text().splitlines()
    for number, line in enumerate(lines):
        case = json.loads(line)
        paths = directories(case, tmp_path / str(number))
        if case["new_error"] is not None:
            with pytest.raises(libhooks.HooksError):
                libhooks.Manager(paths, case["stages"])
            refused += 1
            continue
        with libhooks.Manager(paths, case["stages"]) as manager:
            for request, answer in zip(case["requests"], case["answers"]):
                answers += 1
                check(manager, request, answer)
    print(f"{len(lines)} cases ({refused} of them refused), {answers} answers agree with the reference")
    assert len(lines) == 600
    assert refused > 10
    assert answers == 5 * (600 - refused)


def check(manager: libhooks.Manager, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """One container, its config given as text, as bytes and as data."""
    text = request["config"]
    rest = request["annotations"], request["hasBindMounts"]
    explained = manager.explain(text, *rest)
    assert explained["error"] == answer["error"]
    assert explained == manager.explain(json.loads(text), *rest)
    if answer["error"] is not None:
        for config in (text, text.encode(), json.loads(text)):
            with pytest.raises(libhooks.HooksError) as caught:
                manager.hooks(config, *rest)
            assert str(caught.value) == answer["error"]
        return
    data = json.loads(text)
    before = json.loads(text)
    from_data = manager.hooks(data, *rest)
    from_text = manager.hooks(text, *rest)
    assert data == before
    assert manager.hooks(text.encode(), *rest).config == from_text.config.encode()
    assert json.loads(from_text.config) == from_data.config
    assert from_text.extension_stage_hooks == from_data.extension_stage_hooks == (answer["extensionStageHooks"] or {})
    injected = from_data.config
    assert (injected.get("hooks") or {}) == (answer["hooks"] or {})
    if "hooks" not in before:
        assert ("hooks" in injected) == (answer["hooks"] is not None)
    assert {**injected, "hooks": None} == {**before, "hooks": None}
