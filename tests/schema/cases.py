"""Small hook files, and the error of cli/hook.schema.json for each."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A hook file. Without an error the schema accepts it."""

    what: str
    text: str
    # A part of the only error message.
    error: str = ""
    # The reason why engines and `oci-hooks list` differ.
    difference: str = ""


def new(
    members: str = "",
    hook: str = "",
    when: str = '"always": true',
    stages: str = '["poststop"]',
) -> str:
    """Return a file of version 1.0.0, valid except for the arguments."""
    return f'{{"version": "1.0.0", "hook": {{"path": "/bin/true"{hook}}}, "when": {{{when}}}, "stages": {stages}{members}}}'


def old(members: str = "", stages: str = '"stages": ["poststop"]') -> str:
    """Return such a file of version 0.1.0."""
    return f'{{"hook": "/bin/true", {stages}{members}}}'


CASES = [
    # Version 1.0.0.
    Case(
        "1.0.0 with all that there is",
        new(
            hook=', "args": ["a"], "env": ["A=1"], "timeout": 1',
            when='"always": true, "hasBindMounts": false, "annotations": {"^a$": "b", "c": ""}, "commands": ["sh$", ""]',
        ),
    ),
    Case(
        "1.0.0 with empty lists",
        new(
            hook=', "args": [], "env": []',
            when='"annotations": {}, "commands": []',
            stages="[]",
        ),
    ),
    Case(
        "1.0.0 without when",
        '{"version": "1.0.0", "hook": {"path": "/bin/true"}, "stages": ["poststop"]}',
    ),
    Case("1.0.0 that names its schema", new(', "$schema": "x.json"')),
    Case("0.1.0 that names its schema", old(', "cmd": ["a"], "$schema": "x.json"')),
    Case(
        "every stage",
        new(
            stages='["createRuntime", "createContainer", "startContainer", "poststart", "poststop", "prestart", "precreate"]'
        ),
    ),
    Case("the largest timeout", new(hook=', "timeout": 9223372036854775807')),
    Case(
        "a timeout that is too large",
        new(hook=', "timeout": 9223372036854775808'),
        "is greater than the maximum",
    ),
    Case(
        "a timeout of 0", new(hook=', "timeout": 0'), "0 is less than the minimum of 1"
    ),
    Case(
        "a negative timeout",
        new(hook=', "timeout": -1'),
        "-1 is less than the minimum of 1",
    ),
    Case(
        "a timeout with a fraction",
        new(hook=', "timeout": 1.5'),
        "1.5 is not of type 'integer'",
    ),
    Case(
        "a timeout in quotes",
        new(hook=', "timeout": "5"'),
        "'5' is not of type 'integer'",
    ),
    Case(
        "no hook",
        '{"version": "1.0.0", "stages": ["poststop"]}',
        "'hook' is a required property",
    ),
    Case(
        "no path",
        '{"version": "1.0.0", "hook": {}, "stages": ["poststop"]}',
        "'path' is a required property",
    ),
    Case(
        "an empty path",
        '{"version": "1.0.0", "hook": {"path": ""}, "stages": ["poststop"]}',
        "'' should be non-empty",
    ),
    Case(
        "a path that is no string",
        '{"version": "1.0.0", "hook": {"path": 3}, "stages": ["poststop"]}',
        "3 is not of type 'string'",
    ),
    Case(
        "a hook of 0.1.0",
        '{"version": "1.0.0", "hook": "/bin/true", "stages": ["poststop"]}',
        "'/bin/true' is not of type 'object'",
    ),
    Case(
        "no stages",
        '{"version": "1.0.0", "hook": {"path": "/bin/true"}}',
        "'stages' is a required property",
    ),
    Case(
        "stages that are no list",
        new(stages='"poststop"'),
        "'poststop' is not of type 'array'",
    ),
    Case(
        "an unknown stage",
        new(stages='["buildImage"]'),
        "'buildImage' is not one of ['createRuntime'",
    ),
    Case(
        "a stage in another case",
        new(stages='["createcontainer"]'),
        "'createcontainer' is not one of",
    ),
    Case("a stage that is no string", new(stages="[1]"), "1 is not one of"),
    Case(
        "args that are no list", new(hook=', "args": "a"'), "'a' is not of type 'array'"
    ),
    Case(
        "an argument that is no string",
        new(hook=', "args": ["a", 1]'),
        "1 is not of type 'string'",
    ),
    Case("env as an object", new(hook=', "env": {"A": "1"}'), "is not of type 'array'"),
    Case(
        "when that is no object",
        '{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": [], "stages": []}',
        "[] is not of type 'object'",
    ),
    Case("always as a number", new(when='"always": 1'), "1 is not of type 'boolean'"),
    Case(
        "hasBindMounts in quotes",
        new(when='"hasBindMounts": "true"'),
        "'true' is not of type 'boolean'",
    ),
    Case(
        "annotations as a list",
        new(when='"annotations": ["a"]'),
        "['a'] is not of type 'object'",
    ),
    Case(
        "an annotation that is no string",
        new(when='"annotations": {"a": true}'),
        "True is not of type 'string'",
    ),
    Case(
        "a command that is no list",
        new(when='"commands": "sh"'),
        "'sh' is not of type 'array'",
    ),
    Case("an unknown key", new(', "description": "x"'), "'description' was unexpected"),
    Case("an unknown key of hook", new(hook=', "arg": ["a"]'), "'arg' was unexpected"),
    Case(
        "an unknown key of when",
        new(when='"annotation": {}'),
        "'annotation' was unexpected",
    ),
    Case(
        "conditions outside when",
        new(', "annotations": {"a": "b"}'),
        "'annotations' was unexpected",
    ),
    # Versions.
    Case(
        "a version that nobody knows",
        '{"version": "2.0.0", "hook": {"path": "/bin/true"}, "stages": []}',
        "'1.0.0' was expected",
    ),
    Case(
        "a version that is no string",
        '{"version": 1, "hook": {"path": "/bin/true"}, "stages": []}',
        "'1.0.0' was expected",
    ),
    Case(
        "a version that was forgotten",
        '{"hook": {"path": "/bin/true"}, "when": {"always": true}, "stages": []}',
        "'version' is a required property",
    ),
    Case(
        "0.1.0 by name",
        '{"version": "0.1.0", "hook": "/bin/true", "stages": ["poststop"]}',
    ),
    Case(
        "0.1.0 by name with a hook of 1.0.0",
        '{"version": "0.1.0", "hook": {"path": "/bin/true"}, "stages": []}',
        "is not of type 'string'",
    ),
    Case(
        "0.1.0 by name without hook",
        '{"version": "0.1.0", "stages": []}',
        "'hook' is a required property",
    ),
    # Version 0.1.0.
    Case(
        "0.1.0 with all that there is",
        old(
            ', "arguments": ["a"], "cmds": ["sh$"], "annotations": ["^a$"], "hasbindmounts": true'
        ),
    ),
    Case(
        "0.1.0 in the other spelling",
        old(', "cmd": ["sh$"], "annotation": ["^a$"]', '"stage": ["prestart"]'),
    ),
    Case(
        "0.1.0 with empty lists",
        old(', "arguments": [], "cmds": [], "annotations": []', '"stages": []'),
    ),
    Case("an empty hook", '{"hook": "", "stages": []}', "'' should be non-empty"),
    Case(
        "0.1.0 without stages",
        '{"hook": "/bin/true"}',
        "'stages' is a required property",
    ),
    Case(
        "stage and stages",
        old(', "stage": ["poststop"]'),
        "False schema does not allow ['poststop']",
    ),
    Case(
        "cmd and cmds",
        old(', "cmd": ["a"], "cmds": ["b"]'),
        "False schema does not allow ['b']",
    ),
    Case(
        "annotation and annotations",
        old(', "annotation": ["a"], "annotations": ["b"]'),
        "False schema does not allow ['b']",
    ),
    Case(
        "0.1.0 with stages that are no list",
        old(stages='"stages": "poststop"'),
        "'poststop' is not of type 'array'",
    ),
    Case(
        "0.1.0 with a stage that is no list",
        old(stages='"stage": "poststop"'),
        "'poststop' is not of type 'array'",
    ),
    Case(
        "0.1.0 with an unknown stage",
        old(stages='"stage": ["postStop"]'),
        "'postStop' is not one of",
    ),
    Case(
        "0.1.0 with arguments that are no list",
        old(', "arguments": "a"'),
        "'a' is not of type 'array'",
    ),
    Case(
        "0.1.0 with an argument that is no string",
        old(', "arguments": [1]'),
        "1 is not of type 'string'",
    ),
    Case(
        "0.1.0 with cmds that are no list",
        old(', "cmds": "a"'),
        "'a' is not of type 'array'",
    ),
    Case(
        "0.1.0 with a cmd that is no list",
        old(', "cmd": "a"'),
        "'a' is not of type 'array'",
    ),
    Case(
        "0.1.0 with annotations of 1.0.0",
        old(', "annotations": {"a": "b"}'),
        "is not of type 'array'",
    ),
    Case(
        "0.1.0 with an annotation that is no list",
        old(', "annotation": "a"'),
        "'a' is not of type 'array'",
    ),
    Case(
        "0.1.0 with hasbindmounts as a number",
        old(', "hasbindmounts": 1'),
        "1 is not of type 'boolean'",
    ),
    Case(
        "0.1.0 with an unknown key",
        old(', "command": ["sh"]'),
        "'command' was unexpected",
    ),
    Case(
        "0.1.0 with conditions of 1.0.0",
        old(', "when": {"always": true}'),
        "'when' was unexpected",
    ),
    # Values that are not hooks.
    Case("an empty object", "{}", "'version' is a required property"),
    Case("a list", "[]", "[] is not of type 'object'"),
    Case("a string", '"hook"', "'hook' is not of type 'object'"),
    Case("null", "null", "None is not of type 'object'"),
    # Values that engines accept but nobody should write, and that JSON Schema cannot distinguish.
    Case(
        "a key in another case",
        new(hook=', "Timeout": 5'),
        "'Timeout' was unexpected",
        "keys are matched in any case",
    ),
    Case(
        "a key of 0.1.0 in another case",
        old(', "hasBindMounts": true'),
        "'hasBindMounts' was unexpected",
        "keys are matched in any case",
    ),
    Case(
        "null for a list",
        new(hook=', "args": null'),
        "None is not of type 'array'",
        "null is the same as no value",
    ),
    Case(
        "null for the other spelling",
        old(', "stage": null'),
        "False schema does not allow",
        "null is the same as no value",
    ),
    Case(
        "an empty version",
        '{"version": "", "hook": "/bin/true", "stages": []}',
        "is not of type 'object'",
        "the same as no version",
    ),
    Case(
        "a timeout of 1.0",
        new(hook=', "timeout": 1.0'),
        "",
        "an integer in JSON Schema, but not in Go",
    ),
]
