"""Runs programs that run a hook under a pseudo-terminal with a shell, and checks that no hook is
left.

driver.py NAME COMMAND...: COMMAND runs the script of a shell that is given to it as a hook, with a
timeout in seconds if that is given after it. Prints "PASS: ..." and "FAIL: ..." for each check.
The driver waits for output; it sleeps only to poll.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TIMEOUT = 30.0


class Failed(Exception):
    """A check that did not hold."""


class Terminal:
    """An interactive shell at a terminal."""

    def __init__(self, directory: Path) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            for number in (
                signal.SIGHUP,
                signal.SIGINT,
                signal.SIGQUIT,
                signal.SIGTERM,
                signal.SIGTSTP,
                signal.SIGPIPE,
            ):
                signal.signal(number, signal.SIG_DFL)
            os.environ["PS1"] = "$ "
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.seen = ""
        # Without an echo, input is not mistaken for output.
        self.type("stty -echo; echo re''ady\n")
        self.expect("ready")

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until the output matches. Drop the output up to the end of the match."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            if match := re.search(pattern, self.seen):
                self.seen = self.seen[match.end() :]
                return match
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise Failed(f"no {pattern!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
            except OSError:
                raise Failed(
                    f"the terminal is closed; no {pattern!r} in {self.seen!r}"
                ) from None

    def close(self) -> None:
        os.close(self.master)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def state(pid: int) -> str | None:
    """Return the state of a process, or None if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    found = text[text.rindex(b")") + 2 :][:1].decode()
    return None if found in "ZX" else found


def end(pid: int) -> None:
    """Kill a process, which may have ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def await_that(condition: Callable[[], bool], description: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not true in time: {description}")
        time.sleep(0.002)


def await_state(pid: int, want: str | None) -> None:
    await_that(
        lambda: state(pid) == want,
        f"process {pid} is in state {want} (it is in {state(pid)})",
    )


class Checks:
    def __init__(self, name: str, command: list[str], directory: Path) -> None:
        self.name, self.command, self.directory = name, command, directory

    def line(self, script: str, *timeout: str) -> str:
        """Return the command line that runs a hook."""
        return shlex.join([*self.command, script, *timeout])

    def started(self, terminal: Terminal) -> int:
        return int(terminal.expect(r"hook (\d+)").group(1))

    def interrupt(self, terminal: Terminal) -> None:
        """Ctrl-C ends a hook that hangs."""
        terminal.type(
            self.line("echo hook $$; exec sleep 1000") + "; echo status $?.\n"
        )
        hook = self.started(terminal)
        terminal.type("\x03")
        await_state(hook, None)
        terminal.type("echo al''ive\n")
        terminal.expect("alive")

    def terminate(self, terminal: Terminal) -> None:
        """SIGTERM to the foreground group ends a hook that hangs."""
        terminal.type(
            self.line("echo hook $$; exec sleep 1000") + "; echo status $?.\n"
        )
        hook = self.started(terminal)
        os.killpg(os.tcgetpgrp(terminal.master), signal.SIGTERM)
        await_state(hook, None)
        terminal.expect(r"status (\d+)\.")

    def terminal(self, terminal: Terminal) -> None:
        """A hook in the foreground reads the terminal."""
        terminal.type(
            self.line("echo hook $$; read -r x < /dev/tty; echo got $x.")
            + "; echo status $?.\n"
        )
        self.started(terminal)
        terminal.type("a line\n")
        terminal.expect(r"got a line\.")
        terminal.expect(r"status 0\.")

    def limited(self, terminal: Terminal) -> None:
        """timeout(1) ends it."""
        terminal.type(
            "timeout 2 "
            + self.line("echo hook $$; exec sleep 1000")
            + "; echo status $?.\n"
        )
        hook = self.started(terminal)
        terminal.expect(r"status 124\.")
        await_state(hook, None)

    def background(self, terminal: Terminal) -> None:
        """Started with &, then fg: Ctrl-C ends it."""
        terminal.type(self.line("echo hook $$; exec sleep 1000") + " &\n")
        hook = self.started(terminal)
        terminal.type("fg; echo status $?.\n")
        # The shell prints the command that it continues.
        terminal.expect("sleep 1000")
        await_that(
            lambda: os.tcgetpgrp(terminal.master) != terminal.pid,
            "the job is in the foreground",
        )
        terminal.type("\x03")
        if self.is_command or not self.own_in_background:
            await_state(hook, None)
        else:
            # The library has no signal handler: a caller in the background that dies leaves a hook
            # in its own process group.
            end(hook)
        terminal.type("echo al''ive\n")
        terminal.expect("alive")

    @property
    def is_command(self) -> bool:
        return self.name in ("command", "filter")

    @property
    def own_in_background(self) -> bool:
        return self.name in ("c", "rust", "python")

    def grandchildren(self, terminal: Terminal) -> None:
        """A timeout kills the descendants, and no other process of the group."""
        script = "sleep 1000 & echo child $!.; setsid sleep 1001 & echo far $!.; echo hook $$; wait"
        terminal.type(
            f"(sleep 1002 & echo sib''ling $!.; exec {self.line(script, '2')}); echo status $?.\n"
        )
        sibling = int(terminal.expect(r"sibling (\d+)\.").group(1))
        child, far = (
            int(terminal.expect(rf"{name} (\d+)\.").group(1))
            for name in ("child", "far")
        )
        hook = self.started(terminal)
        # (The command says it in its own words, all others in those of the reference.)
        terminal.expect("context deadline exceeded|killed after its timeout of 2 s")
        terminal.expect(r"status 1\.")
        await_state(hook, None)
        lives = state(child)
        for pid in (child, far, sibling):
            if pid != child and not state(pid):
                raise Failed(
                    f"{'sibling' if pid == sibling else 'a descendant in its own session'} was killed"
                )
        for pid in (far, sibling):
            end(pid)
        if self.name == "reference":
            if lives is not None:
                end(child)
        else:
            await_state(child, None)

    def stop(self, terminal: Terminal) -> None:
        """Ctrl-Z stops it, and fg continues it."""
        terminal.type(
            self.line("echo hook $$; read -r x < gate; echo done.")
            + "; echo status $?.\n"
        )
        hook = self.started(terminal)
        terminal.type("\x1a")
        terminal.expect("Stopped")
        await_state(hook, "T")
        terminal.type("fg; echo status $?.\n")
        await_state(hook, "S")
        (self.directory / "gate").write_text("go\n")
        terminal.expect(r"done\.")
        terminal.expect(r"status 0\.")

    def no_terminal(self) -> None:
        """Without a terminal, killing the whole group leaves no hook."""
        with subprocess.Popen(
            [*self.command, "echo hook $$; exec sleep 1000"],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        ) as child:
            assert child.stdout is not None
            hook = 0
            for text in child.stdout:
                if match := re.match(r"hook (\d+)", text):
                    hook = int(match.group(1))
                    break
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
        if self.is_command or self.name in ("reference", "go"):
            await_state(hook, None)
        else:
            end(hook)

    def several_signals(self) -> None:
        """Several signals at once, 200 times: when the command has ended, no hook is left."""
        cases = [
            (signal.SIGTERM, signal.SIGHUP),
            (signal.SIGQUIT,),
            (signal.SIGTSTP, signal.SIGTERM, signal.SIGCONT),
            (signal.SIGINT, signal.SIGINT),
        ]
        left = 0
        for index in range(200):
            with subprocess.Popen(
                [*self.command, "echo hook $$; exec sleep 1000"],
                cwd=self.directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as child:
                assert child.stdout is not None
                hook = int(child.stdout.readline().split()[1])
                for number in cases[index % len(cases)]:
                    child.send_signal(number)
                child.wait()
                # The hook must have been reaped already, so do not wait.
                if state(hook) is not None:
                    left += 1
                    end(hook)
        if left:
            raise Failed(f"{left} hooks of 200 were left")

    def run(self) -> bool:
        good = True
        at_terminal: list[Callable[[Terminal], None]] = [
            self.interrupt,
            self.terminate,
            self.terminal,
            self.limited,
            self.background,
            self.grandchildren,
            self.stop,
        ]
        elsewhere: list[Callable[[], None]] = [self.no_terminal]
        if self.is_command:
            elsewhere.append(self.several_signals)
        try:
            for descriptor in pty.openpty():
                os.close(descriptor)
        except OSError as error:
            print(
                f"SKIP: terminal: {self.name}: cannot open a pseudo-terminal: {error}",
                flush=True,
            )
            at_terminal = []
        for check in at_terminal:

            def under_terminal(check: Callable[[Terminal], None] = check) -> None:
                terminal = Terminal(self.directory)
                try:
                    check(terminal)
                finally:
                    terminal.close()

            good &= self.passes(under_terminal, check.__doc__ or "")
        for alone in elsewhere:
            good &= self.passes(alone, alone.__doc__ or "")
        return good

    def passes(self, check: Callable[[], None], description: str) -> bool:
        title = f"terminal: {self.name}: {description.rstrip('.')}"
        try:
            check()
        except (Failed, OSError, ValueError) as error:
            print(f"FAIL: {title}\n  {error}", flush=True)
            return False
        print(f"PASS: {title}", flush=True)
        return True


def main() -> int:
    directory = Path(tempfile.mkdtemp())
    try:
        os.mkfifo(directory / "gate")
        return 0 if Checks(sys.argv[1], sys.argv[2:], directory).run() else 1
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
