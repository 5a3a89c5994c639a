"""Passing configs through hooks."""

from __future__ import annotations

import errno
import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from running import FILTER, LONG, sh

import libhooks

CONFIG: dict[str, Any] = {"ociVersion": "1.2.0", "x": 1}


def test_a_config_passes_through_hooks() -> None:
    text = '{"x": 1e400,\t"ä": 1}'
    hooks = [sh("sed s/1e400/1E400/"), {"path": "/bin/cat"}]
    result = libhooks.filter_config(hooks, text)
    assert result.config == '{"x": 1E400,\t"ä": 1}'
    assert (result.failure, result.patches) == (None, None)
    assert [run.path for run in result.runs] == ["/bin/sh", "/bin/cat"]
    assert result.runs[0].stdout == result.config.encode()
    result.check()
    assert libhooks.filter_config(json.dumps(hooks), text.encode()).config == result.config.encode()
    assert libhooks.filter_config(iter(hooks), CONFIG, check=True).config == CONFIG
    assert libhooks.filter_config((), text).config == text
    assert libhooks.filter_config([], CONFIG).config == CONFIG


def test_what_a_hook_prints_instead_of_the_config() -> None:
    config = {"ociVersion": "1.2.0", "process": {}, "root": {}}
    result = libhooks.filter_config([{"path": "/bin/cat"}, sh("echo '{\"root\": {}}'")], config)
    assert result.dropped == (libhooks.DroppedMembers(1, "/bin/sh", ("ociVersion", "process")),)
    assert libhooks.filter_config([{"path": "/bin/cat"}], config).dropped == ()
    failure = libhooks.filter_config([sh("echo starting; cat")], config).failure
    assert failure is not None
    assert failure.output == "starting"
    assert failure.message.endswith("messages belong on standard error)")


def test_a_filter_that_fails() -> None:
    hooks = [sh("sed s/1/2/g"), sh("echo oh >&2; exit 9"), {"path": "/bin/cat"}]
    result = libhooks.filter_config(hooks, '{"x": 1}')
    assert result.config == '{"x": 2}'
    said = "executing [sh -c echo oh >&2; exit 9]: exit status 9"
    message = f"hook 1 (/bin/sh): {said}: oh"
    failure = libhooks.FilterFailure(message, 1, "/bin/sh", "oh", "hook-failed", said, said, None)
    assert result.failure == failure
    assert [run.exit_status for run in result.runs] == [0, 9]
    with pytest.raises(libhooks.HooksError) as caught:
        result.check()
    assert (str(caught.value), caught.value.kind, caught.value.status) == (
        message,
        "hook-failed",
        -8,
    )
    assert caught.value.filtered is result
    assert caught.value.completed is result.runs[1]
    assert pickle.loads(pickle.dumps(caught.value)).filtered == result
    with pytest.raises(
        libhooks.HooksError, match="unmarshal output from config-filter hook 0"
    ) as caught:
        libhooks.filter_config([sh("echo '[]'")], CONFIG, check=True)
    assert caught.value.filtered is not None
    assert caught.value.filtered.config == CONFIG
    assert caught.value.filtered.failure is not None
    assert caught.value.filtered.failure.hook_error is None
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.filter_config([{"path": "/nowhere"}], CONFIG, check=True)
    assert (caught.value.kind, caught.value.errno, caught.value.completed) == (
        "hook-failed",
        errno.ENOENT,
        None,
    )
    for bad in ("null", "{", b"\xff"):
        with pytest.raises(libhooks.HooksError):
            FILTER([], bad)


def test_filters_have_timeouts_and_can_be_cancelled() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    for kind, status, how in (
        ("timeout", -9, {"timeout": 0}),
        ("cancelled", -10, {"cancel": reader}),
    ):
        with pytest.raises(libhooks.HooksError) as caught:
            FILTER([sh(LONG)], CONFIG, check=True, **how)
        assert (caught.value.kind, caught.value.status) == (kind, status)
    os.close(reader)


def test_filters_report_changes_and_output(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []
    hooks = [sh('sed \'s/"x":1/"x":2/\''), sh("cat; echo oh >&2"), sh("exit 1")]
    with open(tmp_path / "err", "wb") as err:
        result = libhooks.filter_config(
            hooks, CONFIG, patches=True, stderr=err, output=lambda *what: seen.append(what)
        )
    assert result.patches == ([{"op": "replace", "path": "/x", "value": 2}], [])
    assert (tmp_path / "err").read_bytes() == b"oh\n"
    assert seen == [("stdout", b'{"ociVersion":"1.2.0","x":2}')] * 2
    with caplog.at_level(logging.DEBUG, "libhooks"):
        result = libhooks.filter_config(hooks, CONFIG)
    assert result.patches is None
    said = 'hook 0 (/bin/sh) changed the config: [{"op": "replace", "path": "/x", "value": 2}]'
    assert [record.getMessage() for record in caplog.records] == [said]


def test_annotations_name_files_if_this_is_enabled(tmp_path: Path) -> None:
    out = tmp_path / "out"
    config = {"annotations": {"run.oci.hooks.stdout": str(out)}}
    cat = [{"path": "/bin/cat"}]
    assert libhooks.filter_config(cat, config).failure is None
    assert not out.exists()
    libhooks.filter_config(cat, config, output_annotations=True, check=True)
    assert json.loads(out.read_text()) == config
    config["annotations"]["run.oci.hooks.stdout"] = str(tmp_path)
    with pytest.raises(
        libhooks.HooksError, match="opening stdout file for config-filter hook"
    ) as caught:
        libhooks.filter_config(cat, config, output_annotations=True, check=True)
    assert (caught.value.kind, caught.value.status, caught.value.errno) == ("io", -4, errno.EISDIR)
    assert caught.value.completed is None
