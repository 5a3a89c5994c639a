"""Run a shell script as a hook, and print the result: hook.py SCRIPT [TIMEOUT]."""

import sys

import libhooks

completed = libhooks.run(
    {
        "path": "/bin/sh",
        "args": ["sh", "-c", sys.argv[1]],
        "env": ["PATH=/usr/bin:/bin"],
    },
    timeout=float(sys.argv[2]) if len(sys.argv) > 2 else None,
    stdout=1,
    stderr=2,
)
print("ended:", completed.error or "well", flush=True)
sys.exit(completed.error is not None)
