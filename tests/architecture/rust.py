"""The modules of a Rust crate, and the imports between them."""

import re
from collections.abc import Iterator
from pathlib import Path

Module = tuple[str, ...]

# Comments, strings and characters, in the order of matching.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/
    |\bb?r(?P<hashes>\#*)".*?"(?P=hashes)
    |b?"(?:[^"\\]|\\.)*"
    |b?'(?:[^'\\\n]|\\(?:u\{[^}]*\}|x..|.))'""",
    re.DOTALL | re.VERBOSE,
)
TEST_MODULE = re.compile(
    r"#\[cfg\((?:test|doctest)\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))? )?mod (\w+)\s*(;|\{.*?\n\}\n)",
    re.DOTALL,
)
USE = re.compile(r"(?:(pub(?:\([^)]*\))?) )?\buse ([^;]+);")
MODULE = re.compile(r"\bmod (\w+);")
PATH = re.compile(r"(?<!in )\b(?:crate|super|self)(?:::\w+)+")


def without_strings(source: str) -> str:
    """Remove comments and strings, which may contain words that look like paths."""
    return TOKEN.sub(
        lambda match: "" if match.group().startswith("/") else '""', source
    )


def leaves(tree: str) -> Iterator[tuple[str, str]]:
    """Yield the paths in the tree of a `use`, each with its local name."""
    tree = tree.strip()
    if "{" not in tree:
        path, _, name = tree.partition(" as ")
        yield path.strip(), (name or path.rsplit("::", 1)[-1]).strip()
        return
    prefix, rest = tree.split("{", 1)
    depth, part = 0, ""
    for character in rest.rsplit("}", 1)[0] + ",":
        if character == "," and depth == 0:
            if part.strip():
                for path, name in leaves(part):
                    yield prefix.strip() + path, name
            part = ""
        else:
            depth += (character == "{") - (character == "}")
            part += character


class Crate:
    """The modules of a crate: tuples of names; the root is ()."""

    def __init__(self, root: Path) -> None:
        self.sources: dict[Module, str] = {}
        self.children: dict[Module, list[str]] = {}
        self.names: dict[Module, dict[str, tuple[str, bool]]] = {}
        self._read((), root)

    def _read(self, module: Module, file: Path) -> None:
        source = TEST_MODULE.sub("", without_strings(file.read_text()))
        self.sources[module] = source
        self.children[module] = MODULE.findall(source)
        # Names from `use`: the path, and whether other modules can import it from here.
        self.names[module] = {
            name: (path, bool(visibility))
            for visibility, tree in USE.findall(source)
            for path, name in leaves(tree)
        }
        is_directory = file.name in ("lib.rs", "main.rs", "mod.rs")
        directory = file.parent if is_directory else file.with_suffix("")
        for child in self.children[module]:
            by_name = directory / f"{child}.rs"
            self._read(
                (*module, child),
                by_name if by_name.exists() else directory / child / "mod.rs",
            )

    def defines(
        self,
        module: Module,
        path: str,
        seen: frozenset[tuple[Module, str]] = frozenset(),
    ) -> Module | None:
        """Return the module that defines the item of a path; None if another crate does."""
        first, *rest = path.split("::")
        if first == "crate":
            at: Module = ()
        elif first == "self":
            at = module
        elif first == "super":
            at = module[:-1]
            while rest and rest[0] == "super":
                at, rest = at[:-1], rest[1:]
        elif first in self.children[module]:
            at = (*module, first)
        else:
            return None
        while rest:
            if rest[0] in self.children[at]:
                at, rest = (*at, rest[0]), rest[1:]
                continue
            path, is_public = self.names[at].get(rest[0], ("", False))
            if (
                path
                and (is_public or module[: len(at)] == at)
                and (at, rest[0]) not in seen
            ):
                # A re-export counts as an import from the module that defines the item.
                return self.defines(at, path, seen | {(at, rest[0])}) or at
            break
        return at

    def arrows(self) -> set[tuple[Module, Module]]:
        """Return pairs of modules: one that uses an item, and the one that defines it."""
        found = set()
        for module, source in self.sources.items():
            paths = [
                path
                for visibility, tree in USE.findall(source)
                if not visibility
                for path, _ in leaves(tree)
            ]
            rest = USE.sub("", source)
            paths += PATH.findall(rest)
            for child in self.children[module]:
                paths += re.findall(rf"(?<![\w:]){child}(?:::\w+)+", rest)
            targets = {self.defines(module, path) for path in paths}
            found |= {
                (module, target)
                for target in targets
                if target is not None and target != module
            }
        return found
