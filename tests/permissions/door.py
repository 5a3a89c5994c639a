"""Print the answers of the Python package about hook directories: door.py DIRECTORY..."""

import sys

import libhooks

for directory in sys.argv[1:]:
    for policy in ("strict", "compatible"):
        try:
            with libhooks.Manager([directory], strict=policy == "strict") as manager:
                answer, found = "loaded", manager.diagnostics()
        except libhooks.HooksError as error:
            answer, found = "refused", error.diagnostics
        print(policy, directory, answer, *(each.code for each in found))
