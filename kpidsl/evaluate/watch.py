"""The clock of an evaluation: it ends what runs when the time is over, or when somebody presses Ctrl-C.

While an engine is at work in C, Python hears no signal: DuckDB looks for one only between steps of a query,
which may be seconds or for ever apart. So a thread of its own waits, for the signal (of which the interpreter
writes a byte to a socket at once, whatever the main thread does) and for the end of the time, and tells the
engines to stop.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Protocol

from kpidsl.diagnostics import Diagnostic
from kpidsl.evaluate.engine import EngineError, Interrupted
from kpidsl.evaluate.progress import Progress

AGAIN = 0.05
"""Seconds between two calls to stop: one that comes just before a query begins is lost."""

STUCK = 0.7
"""Seconds after which a process that was interrupted, and does not end by itself, is ended."""


class Stoppable(Protocol):
    """What runs queries: an engine."""

    def interrupt(self) -> None:
        """Stop what runs, from another thread."""
        ...


class Watch:
    """Watches over one evaluation at a time, from `within` on; before that it lets everything pass.

    `stuck` ends the process when Ctrl-C does not; it is for a command line, never for a library.
    """

    def __init__(self, stuck: Callable[[], None] | None = None) -> None:
        self.progress = Progress()
        self._stuck = stuck
        self._engines: list[Stoppable] = []
        self._allowed: float | None = None
        self._begun = monotonic()
        self._told: Diagnostic | None = None

    # -- the time -------------------------------------------------------------------------------------

    @property
    def expired(self) -> bool:
        """Whether no more queries are run."""
        return self._allowed is not None and monotonic() - self._begun >= self._allowed

    @property
    def overdue(self) -> bool:
        """Whether not even what was read is judged any more: a tenth of the time and a second later."""
        return self._allowed is not None and monotonic() - self._begun >= self._allowed * 1.1 + 1

    @property
    def told(self) -> Diagnostic | None:
        """What is to be said of the end of the time, if anything was lost by it: always the same object."""
        return self._told

    def check(self) -> None:
        """`EngineError` once the time is over; for long work that asks no engine."""
        if self.expired:
            raise EngineError("timeout", self.late().message, self.late())

    def late(self) -> Diagnostic:
        """The diagnostic of what was lost by the end of the time."""
        if self._told is None:
            allowed = duration(self._allowed or 0)
            self._told = Diagnostic(
                "K607",
                f"stopped after {allowed}, the time that an evaluation is allowed",
                notes=(f"it was {self.progress.told()}",),
                help="`--timeout 10m`, or `timeout` under [limits] in the config, allows more;"
                " `--kpi NAME` evaluates less",
            )
        return self._told

    # -- queries --------------------------------------------------------------------------------------

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around whatever an engine does: an end of the time becomes an `EngineError`, Ctrl-C stays
        `Interrupted`."""
        self.check()
        try:
            yield
        except Interrupted:
            self.check()
            raise
        except EngineError as error:
            if error.fault == "timeout":
                self.check()
            raise

    @contextmanager
    def over(self, engine: Stoppable) -> Iterator[None]:
        """For as long as there is an engine: it is stopped when the time is."""
        self._engines.append(engine)
        try:
            yield
        finally:
            self._engines.remove(engine)

    # -- the thread -----------------------------------------------------------------------------------

    @contextmanager
    def within(self, seconds: float | None) -> Iterator[None]:
        """Begin to watch: the evaluation may take so long, or as long as it takes."""
        self._allowed, self._begun, self._told = seconds, monotonic(), None
        ear, mouth = socket.socketpair()
        mouth.setblocking(False)
        before = _listen(mouth.fileno())
        thread = threading.Thread(target=self._watch, args=(ear, before), name="kpidsl watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            if before is not None:
                signal.set_wakeup_fd(before)
            mouth.close()
            thread.join()
            ear.close()

    def _watch(self, ear: socket.socket, before: int | None) -> None:
        interrupted: float | None = None
        while True:
            stopping = interrupted is not None or self.expired
            ear.settimeout(AGAIN if stopping else self._remaining())
            try:
                heard = ear.recv(64)
            except TimeoutError:
                heard = None
            if heard == b"":
                return
            if heard and signal.SIGINT in heard:
                interrupted = interrupted or monotonic()
            if heard and before is not None and before >= 0:
                with suppress(OSError):
                    os.write(before, heard)
            if interrupted is not None or self.expired:
                self._stop()
            if interrupted is not None and self._stuck and monotonic() - interrupted > STUCK:
                self._stuck()

    def _remaining(self) -> float | None:
        if self._allowed is None:
            return None
        return max(self._begun + self._allowed - monotonic(), 0.001)

    def _stop(self) -> None:
        for engine in tuple(self._engines):
            with suppress(Exception):  # one that cannot be stopped must not keep the others from it
                engine.interrupt()


def _listen(mouth: int) -> int | None:
    """Have the interpreter tell of signals there; None where Ctrl-C is none of ours. Else who was told
    before."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return None
    return signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)


def duration(seconds: float) -> str:
    """`1.5 s`, `5 min`, `1 h 30 min`: as little as says it."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
