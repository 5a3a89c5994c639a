#!/usr/bin/env python3
"""Write seeds and corpora of the fuzz targets.

    corpora.py seeds DIRECTORY      writes inputs from the case tables to DIRECTORY/TARGET
    corpora.py unpack DIRECTORY     writes fuzz/corpora and exit statuses to DIRECTORY/TARGET
    corpora.py pack DIRECTORY       replaces fuzz/corpora with the inputs of DIRECTORY/TARGET

A corpus is one file, which can be read and compared. A line holds one input, as a JSON string if it
is UTF-8, else as {"hex": "…"}. The shortest inputs are packed first, up to a size limit.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import struct
import sys
from collections.abc import Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPORA = ROOT / "fuzz" / "corpora"
TARGETS = sorted(path.stem for path in (ROOT / "fuzz" / "fuzz_targets").glob("*.rs"))
# The most bytes in a packed corpus.
MOST = 150_000
# Separates the fields of an input.
SEPARATOR = b"\xff"


def lines(name: str) -> list[Any]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def request(annotations: dict[str, str], args: list[str] | None) -> bytes:
    """Return the flat request for a container, without the byte for its mounts."""

    def text(value: str) -> bytes:
        raw = value.encode("utf-8", "replace")
        return struct.pack("=I", len(raw)) + raw

    if args is None:
        process = struct.pack("=I", 0)
    elif not args:
        process = struct.pack("=I", 1)
    else:
        process = struct.pack("=I", 2) + text(args[0])
    pairs = b"".join(text(key) + text(value) for key, value in annotations.items())
    return process + struct.pack("=I", len(annotations)) + pairs


def container(
    annotations: dict[str, str], args: list[str] | None, bind: bool
) -> list[bytes]:
    """Return the fields of a container: see Container::take."""
    process = b"a" if args is None else b"c" if args else b"n"
    fields = [
        process + (b"b" if bind else b"-"),
        (args[0] if args else "").encode("utf-8", "replace"),
    ]
    for key, value in annotations.items():
        fields += [key.encode("utf-8", "replace"), value.encode("utf-8", "replace")]
    return fields


def parsed(content: bytes) -> dict[str, Any]:
    """Parse a hook file; return {} if it is not a JSON object."""
    try:
        hook = json.loads(content)
    except ValueError:
        return {}
    return hook if isinstance(hook, dict) else {}


def of_hook(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield inputs made from one hook file."""
    yield "hook_file", content
    yield "exec_json", content
    hook = parsed(content)
    if isinstance(hook.get("hook"), dict):
        yield "exec_json", encoded(hook["hook"])
        yield "exec_json", encoded([hook["hook"], hook["hook"]])
    if isinstance(hook.get("when"), dict):
        yield (
            "when_match",
            SEPARATOR.join([encoded(hook["when"]), b"cb", b"/bin/sh", b"a", b"b"]),
        )


def of_case(case: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield inputs made from a line of cases.jsonl."""
    directories = [
        {n: base64.b64decode(c) for n, c in names.items()} for names in case["dirs"]
    ]
    hooks = [content for names in directories for content in names.values()]
    for content in hooks:
        yield from of_hook(content)
    configs = [
        request["config"].encode("utf-8", "replace") for request in case["requests"]
    ]
    for number, asked in enumerate(case["requests"]):
        config = json.loads(asked["config"])
        args = (
            config["process"].get("args") or []
            if isinstance(config.get("process"), dict)
            else None
        )
        annotations = asked["annotations"] or {}
        bind = bool(asked["hasBindMounts"])
        fields = container(annotations, args, bind)
        yield "config", configs[number]
        yield "patch", configs[number - 1] + SEPARATOR + configs[number]
        yield (
            "exec_run",
            SEPARATOR.join(
                [configs[number] + b" \n", b"said", b"\0" if number else b"\3"]
            ),
        )
        yield "flat_request", (b"\1" if bind else b"\0") + request(annotations, args)
        yield "flat_request", encoded(annotations)
        for content in hooks:
            when = parsed(content).get("when")
            if isinstance(when, dict):
                yield "when_match", SEPARATOR.join([encoded(when), *fields])
        files = []
        for place, names in enumerate(directories):
            for name, content in names.items():
                files += [
                    f"{place}f{name}".encode("utf-8", "replace"),
                    content.replace(SEPARATOR, b""),
                ]
        one = [*fields, b"", b"", b"", b""][:4]
        how = (b"c-", b"s-", b"l-", b"cm", b"lm")[number % 5]
        yield (
            "load",
            SEPARATOR.join(
                [how, *one, *files, b"0nlink.json", b"", b"1llink.json", b""]
            ),
        )


def of_pattern(case: dict[str, Any]) -> Iterator[bytes]:
    """Yield inputs made from a line of regexp/tests/data/cases.jsonl."""
    inputs = [
        one["input"]
        for one in case.get("cases", [])
        if isinstance(one.get("input"), str)
    ]
    fields = [case["pattern"], *inputs[:6]]
    yield SEPARATOR.join(text.encode("utf-8", "replace") for text in fields)


def exit_statuses() -> Iterator[tuple[str, bytes]]:
    """Yield a printed config with several exit statuses.

    A minimal corpus lacks them, since they all run the same code.
    """
    for status in (0, 1, 2, 7, 126, 127, 128, 137, 254):
        fields = [b'{"ociVersion":"1.0.2"}', b"said", bytes([status])]
        yield "exec_run", SEPARATOR.join(fields)


def elf(*, bits: int, machine: int, dynamic: dict[int, bytes]) -> bytes:
    """Return an ELF file with a loader and a dynamic section."""
    word = "Q" if bits == 64 else "I"
    header, segment = (64, 56) if bits == 64 else (52, 32)
    texts, entries = b"\0/lib/ld-linux.so.2\0", b""
    for tag, text in dynamic.items():
        entries += struct.pack(f"<2{word}", tag, len(texts))
        texts += text + b"\0"
    at = header + 3 * segment
    entries += struct.pack(f"<4{word}", 5, at, 0, 0)
    size = at + len(texts) + len(entries)
    file = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    file += struct.pack(f"<HHI3{word}I", 3, machine, 1, 0, header, 0, 0)
    file += struct.pack("<6H", header, segment, 3, 0, 0, 0)
    for kind, start, length in (
        (1, 0, size),
        (3, at + 1, 19),
        (2, at + len(texts), len(entries)),
    ):
        if bits == 64:
            file += struct.pack(
                "<2I6Q", kind, 5, start, start, start, length, length, 1
            )
        else:
            file += struct.pack("<8I", kind, start, start, start, length, length, 5, 1)
    return file + texts + entries


def programs() -> Iterator[bytes]:
    """Yield programs: scripts, ELF files and others."""
    yield b""
    yield b"echo\n"
    yield b"\xef\xbb\xbf#!/bin/sh\n"
    yield b"\n#!/bin/sh\n"
    for line in (
        "/bin/sh",
        "/bin/sh -e\r",
        "sh",
        "/no/such",
        "/bin/env x",
        "/bin/env -S sh -e",
        "/bin/env sh -e",
        "/bin",
        "/" + 300 * "x",
        "/bin/sh " + 300 * "x",
    ):
        yield b"#!" + line.encode() + b"\n"
    libraries = {
        1: b"libz.so",
        15: b"/x:$ORIGIN",
        29: b"${ORIGIN}/$LIB",
        14: b"libq.so",
    }
    for bits, machine in ((64, 62), (32, 3), (64, 183), (32, 40)):
        for needed in (libraries, {1: b"libno.so", 15: b"/x"}, {1: b"$ORIGIN/a"}, {}):
            whole = elf(bits=bits, machine=machine, dynamic=needed)
            yield whole
        yield whole[:40]
        yield whole[:-1]


def seeds() -> Iterator[tuple[str, bytes]]:
    yield from exit_statuses()
    for path in sorted((ROOT / "tests" / "data" / "mistakes").glob("*.json")):
        yield from of_hook(path.read_bytes())
    for path in sorted((ROOT / "examples" / "hooks.d").glob("*.json")):
        yield from of_hook(path.read_bytes())
    yield "config", (ROOT / "examples" / "config.json").read_bytes()
    for program in programs():
        yield "program", program
    for case in lines("tests/data/cases.jsonl"):
        yield from of_case(case)
    for case in lines("regexp/tests/data/cases.jsonl"):
        for data in of_pattern(case):
            yield "pattern", data
            yield "pattern_alone", data


def write(directory: pathlib.Path, data: bytes) -> None:
    (directory / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(directory: pathlib.Path, target: str) -> None:
    inputs = sorted(
        (path.read_bytes() for path in (directory / target).iterdir()),
        key=lambda data: (len(data), data),
    )
    size, packed = 0, []
    for data in inputs:
        try:
            line = json.dumps(data.decode("utf-8"), ensure_ascii=True)
        except UnicodeDecodeError:
            line = json.dumps({"hex": data.hex()})
        size += len(line) + 1
        if size > MOST:
            break
        packed.append(line + "\n")
    (CORPORA / f"{target}.jsonl").write_text("".join(packed), encoding="ascii")
    print(
        f"{target}: {len(packed)} of {len(inputs)} inputs, {sum(map(len, packed))} bytes"
    )


def main(command: str, directory: pathlib.Path) -> None:
    if command == "pack":
        for target in TARGETS:
            if (directory / target).is_dir():
                pack(directory, target)
        return
    for target in TARGETS:
        (directory / target).mkdir(parents=True, exist_ok=True)
    if command == "seeds":
        for target, data in seeds():
            write(directory / target, data)
        return
    if command != "unpack":
        raise SystemExit(__doc__)
    for target, data in exit_statuses():
        write(directory / target, data)
    for target in TARGETS:
        text = (CORPORA / f"{target}.jsonl").read_text(encoding="ascii")
        for line in text.splitlines():
            value = json.loads(line)
            data = (
                bytes.fromhex(value["hex"])
                if isinstance(value, dict)
                else value.encode("utf-8")
            )
            write(directory / target, data)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
