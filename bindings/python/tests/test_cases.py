"""Replays the results of Podman's package in tests/data/cases.jsonl.

They are 600 sets of hook files with five containers each.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import libhooks


def directories(case: dict[str, Any], place: Path) -> list[Path]:
    """Write the hook directories of a case."""
    paths = []
    for index, files in enumerate(case["dirs"]):
        path = place / str(index)
        path.mkdir(parents=True)
        for name, content in files.items():
            (path / name).write_bytes(base64.b64decode(content))
        paths.append(path)
    return paths


def test_results_of_podman(root: Path, tmp_path: Path) -> None:
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
    print(
        f"{len(lines)} cases ({refused} of them rejected), "
        f"{answers} results agree with Podman's package"
    )
    assert len(lines) == 600
    assert refused > 10
    assert answers == 5 * (600 - refused)


def check(manager: libhooks.Manager, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Check one container, with its config as a str, as bytes and as a dict."""
    text = request["config"]
    rest = request["annotations"], request["hasBindMounts"]
    explained = manager.explain(text, *rest)
    assert explained.error == answer["error"]
    assert explained == manager.explain(json.loads(text), *rest)
    for verdict in explained.hooks:
        assert verdict.verdict == implied_verdict(verdict), verdict
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
    assert (
        from_text.extension_stage_hooks
        == from_data.extension_stage_hooks
        == (answer["extensionStageHooks"] or {})
    )
    injected = from_data.config
    assert (injected.get("hooks") or {}) == (answer["hooks"] or {})
    if "hooks" not in before:
        assert ("hooks" in injected) == (answer["hooks"] is not None)
    assert {**injected, "hooks": None} == {**before, "hooks": None}
    assert (injected.get("hooks"), from_data.extension_stage_hooks) == implied_result(
        manager, explained, before.get("hooks")
    )


def implied_verdict(verdict: libhooks.HookVerdict) -> str:
    """Return the verdict that follows from the results of a hook's conditions."""
    outcomes = [
        condition.outcome for condition in verdict.conditions if not condition.after_verdict
    ]
    if "error" in outcomes:
        return "error"
    return (
        "match"
        if "holds" in outcomes and (verdict.any_of or "fails" not in outcomes)
        else "no-match"
    )


def implied_result(manager: libhooks.Manager, explained: libhooks.Explanation, before: Any) -> Any:
    """Return the result of `Manager.hooks` that follows from `explain` and `list`."""
    listing = manager.list()
    assert listing.masked == explained.masked
    injected: dict[str, Any] = {stage: list(hooks or ()) for stage, hooks in (before or {}).items()}
    apart: dict[str, Any] = {}
    some = False
    for listed, verdict in zip(listing.hooks, explained.hooks):
        assert (listed.name, listed.path) == (verdict.name, verdict.path)
        for stages, hooks in ((listed.injected, injected), (listed.extension_stages, apart)):
            for stage in stages if verdict.matches else ():
                hooks.setdefault(stage, []).append(listed.hook["hook"])
        some |= verdict.matches
    assert len(listing.hooks) == len(explained.hooks)
    return injected if some or before is not None else before, apart
