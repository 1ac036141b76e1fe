"""Loops that numba compiles when they are first needed, and keeps compiled.

To load numba costs half a second of CPU, and to compile a loop between 0.1 and 8 seconds, once on a
machine. So :func:`kernel` marks a loop instead of numba's own decorator: numba is loaded when the
first of them has much to do. Those that are marked ``plain`` run as the Python that they are
written in as long as all of them together have little to do; both ways give the same bits, which
the tests hold them to.

What is compiled lies beside the package where the user alone may write there, and else in a folder
of the user's (:func:`cache_folder`): numba keeps pickles, and whoever can write one can run code.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

PLAIN_STEPS = 300_000
"""Steps that all plain loops of a process may take together before they are compiled. A step takes
about a microsecond, so these take no longer than to load numba and what is compiled already."""
MODE = "CAUTERY_KERNELS"
"""The variable that says ``compiled``: no loop runs as plain Python."""
SECONDS = {"catalogue": 9, "fingerprint": 18, "formats": 2, "graph": 8, "identify": 1, "plan": 26}
"""What all kernels of a package take to compile on one core of 2.5 GHz (bench/first_use.py)."""

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ROOT = Path(__file__).resolve().parent

Started = Callable[[str], None]
"""Called with the package whose kernels begin to be compiled."""


class _State:
    """What all kernels of the process share."""

    def __init__(self) -> None:
        self.steps_left = 0 if os.environ.get(MODE) == "compiled" else PLAIN_STEPS
        self.lock = threading.RLock()
        self.notes: Callable[[str], None] = lambda _note: None
        self.started: Started = lambda _package: None
        self.ended: Callable[[], None] = lambda: None
        self.has_listener = self.has_no_place = False
        self.depth = 0
        self.only_plain = False


_state = _State()


class Kernel:
    """A loop: called, it runs as plain Python or compiled; a compiled loop calls it compiled.

    Parameters
    ----------
    function : callable
        In the part of Python that numba compiles.
    steps : callable or None
        From the arguments to about how many steps it will take. ``None``: never as plain Python.
    twin : callable or None
        The same written for NumPy, which then runs in place of the plain loop.
    options : Any
        Of ``numba.njit``.
    """

    def __init__(
        self,
        function: FunctionType,
        steps: Callable[..., int] | None,
        twin: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._steps = steps
        self._numpy_twin = twin
        self._options = options
        self._dispatcher: Any = None

    def __call__(self, *arguments: Any) -> Any:  # noqa: D102 - the class says it
        dispatcher = self._dispatcher
        if dispatcher is None or _state.only_plain:
            if self._steps is not None and _state.steps_left > 0:
                steps = self._steps(*arguments)
                if steps <= _state.steps_left:
                    # Not locked: two threads may take a few steps more than there are.
                    _state.steps_left -= steps
                    return _quietly(self.plain, arguments)
            dispatcher = self.compiled
        return dispatcher(*arguments)

    @functools.cached_property
    def plain(self) -> Callable[..., Any]:
        """The loop as Python runs it, and with it those that it calls."""
        assert self._steps is not None, f"{self._function.__name__} is not marked plain"
        return self._numpy_twin or _twin(self._function, lambda called: called.plain)

    @property
    def compiled(self) -> Any:
        """The dispatcher of numba: it compiles for the types that it is called with."""
        with _state.lock:
            if self._dispatcher is None:
                self._dispatcher = self._made()
        return self._dispatcher

    def _made(self) -> Any:
        numba = _numba()
        folder = Path(self._function.__code__.co_filename).parent
        place = _place(folder)
        # numba looks for the kernels that a loop calls among its globals, and must find its own.
        twin = _twin(self._function, lambda called: called.compiled)
        # numba reads it as it decorates, so the kernels of each folder get a place of their own.
        numba.config.CACHE_DIR = "" if place is None or place == folder else str(place)
        return numba.njit(cache=place is not None, **self._options)(twin)


class Instruction:
    """What is one instruction of the processor in a compiled loop, and a call in a plain one.

    Parameters
    ----------
    plain : callable or None
        The same in Python; ``None``: only loops with a twin in NumPy have it.
    make : callable
        From ``llvmlite.ir`` and ``numba.types``, which are loaded late, to what
        ``numba.extending.intrinsic`` takes.
    """

    def __init__(self, plain: Callable[..., Any] | None, make: Callable[[Any, Any], Any]) -> None:
        self.plain = plain
        self._make = make

    def __call__(self, *arguments: Any) -> Any:  # noqa: D102 - the class says it
        assert self.plain is not None
        return self.plain(*arguments)

    @functools.cached_property
    def compiled(self) -> Any:
        """The intrinsic."""
        from llvmlite import ir  # noqa: PLC0415 - with numba
        from numba import types  # noqa: PLC0415
        from numba.extending import intrinsic  # noqa: PLC0415

        return intrinsic(self._make(ir, types))


def instruction(
    plain: Callable[..., Any] | None = None,
) -> Callable[[Callable[[Any, Any], Any]], Instruction]:
    """Mark what makes an :class:`Instruction`, and say what does the same in Python."""
    return functools.partial(Instruction, plain)


def _twin(function: FunctionType, instead: Callable[[Any], Any]) -> FunctionType:
    """Return the same function, with something else for each kernel or instruction it names."""
    its_globals = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = its_globals.get(name)
        if isinstance(value, Kernel | Instruction):
            its_globals[name] = instead(value)
    twin = FunctionType(
        function.__code__,
        its_globals,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    twin.__qualname__, twin.__doc__ = function.__qualname__, function.__doc__
    return twin


def kernel(
    *,
    plain: bool | Callable[..., int] = False,
    twin: Callable[..., Any] | None = None,
    **options: Any,
) -> Callable[[Callable[..., Any]], Kernel]:
    """Mark a loop that numba compiles.

    Parameters
    ----------
    plain : bool or callable
        Whether it may run as plain Python, which gives the same bits: no arithmetic in float32, no
        numbers by chance, no function that numba computes in another way than NumPy. A callable
        says from the arguments about how many steps that takes; ``True``: one for each entry of
        the arrays.
    twin : callable, optional
        The same written for NumPy, where plain Python would take too many steps: it runs instead.
    options : Any
        Of ``numba.njit``.

    Returns
    -------
    callable
        The decorator.
    """
    steps = entries if plain is True else plain or None

    def marked(function: Callable[..., Any]) -> Kernel:
        assert isinstance(function, FunctionType)
        return Kernel(function, steps, twin, **options)

    return marked


def entries(*arguments: Any) -> int:
    """Count the entries of all arrays among some arguments, tuples looked into."""
    count = 1
    for argument in arguments:
        if isinstance(argument, tuple):
            count += entries(*argument)
        else:
            count += getattr(argument, "size", 1)
    return count


@contextlib.contextmanager
def only_compiled() -> Iterator[None]:
    """Let no loop run as plain Python meanwhile, however little it has to do."""
    left, _state.steps_left = _state.steps_left, 0
    try:
        yield
    finally:
        _state.steps_left = left


@contextlib.contextmanager
def only_plain() -> Iterator[None]:
    """Let every loop that may run as plain Python meanwhile, however much it has to do."""
    left, _state.steps_left, _state.only_plain = _state.steps_left, sys.maxsize, True
    try:
        yield
    finally:
        _state.steps_left, _state.only_plain = left, False


def load() -> None:
    """Load numba now, with all that its first loop needs, for an event loop that begins later.

    Whatever thread loads it, for half a second no other thread has a turn.
    """
    with _state.lock:
        target = _numba().core.registry.cpu_target
        target.typing_context.refresh()
        target.target_context.refresh()


def listen(*, started: Started, ended: Callable[[], None], notes: Callable[[str], None]) -> None:
    """Be told what kernels do that takes long.

    Parameters
    ----------
    started : callable
        Is called with the package (``plan``) of a kernel that begins to be compiled.
    ended : callable
        Is called when it is compiled.
    notes : callable
        Is called with a sentence where compiled kernels cannot be kept.
    """
    _state.started, _state.ended, _state.notes = started, ended, notes


def cache_folder(folder: Path = _ROOT) -> Path | None:
    """Return where the kernels of a folder of the package are kept.

    Numba's own variable ``NUMBA_CACHE_DIR`` names where. One that others may write is never used,
    since what lies there is run.

    Returns
    -------
    Path or None
        ``folder`` itself: beside the modules there. ``None``: nowhere.
    """
    from_environment = os.environ.get("NUMBA_CACHE_DIR")
    if not from_environment and _is_own(folder) and os.access(folder, os.W_OK):
        return folder
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    place = Path(from_environment) if from_environment else home / "cautery"
    fault = _fault(place)
    if fault is None:
        return place
    _state.notes(f"{place} is not used: {fault}")
    return None


def _fault(folder: Path) -> str | None:
    """Say why a folder cannot keep what is compiled; make it, closed to others, if it is absent."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except (OSError, RuntimeError) as error:
        return f"it cannot be made ({getattr(error, 'strerror', None) or error})"
    if not stat.S_ISDIR(status.st_mode):
        return "it is no folder, or a link to one"
    if status.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if status.st_mode & _OTHERS_MAY_WRITE:
        return "others may write there; chmod go-w it if nobody else did"
    if not os.access(folder, os.W_OK):
        return "nothing may be written there"
    return None


def _is_own(folder: Path) -> bool:
    """Tell whether only this user may write a folder of the package and what Python keeps in it."""
    for part in (folder, folder / "__pycache__"):
        try:
            # A folder that is not there holds nothing that somebody else has written.
            status = part.stat()
        except FileNotFoundError:
            continue
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_MAY_WRITE:
            return False
    return True


@functools.cache
def _place(folder: Path) -> Path | None:
    """Return where the kernels of a folder of the package are kept; say so once if nowhere."""
    place = cache_folder(folder)
    if place is None and not _state.has_no_place:
        _state.has_no_place = True
        _state.notes("kernels are compiled each time: there is no folder to keep them in")
    elif place is not None and place != folder:
        # Our processes that read and plan are started with this, and without HOME.
        os.environ["NUMBA_CACHE_DIR"] = str(place)
    return place


def _quietly(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call it with NumPy's arithmetic as silent as the compiled one."""
    import numpy as np  # noqa: PLC0415 - heavy; whoever has arrays has loaded it

    with np.errstate(all="ignore"):
        return function(*arguments)


def _numba() -> Any:
    import numba  # noqa: PLC0415 - half a second of CPU

    if not _state.has_listener:
        from numba.core import event  # noqa: PLC0415 - comes with numba

        class Told(event.Listener):  # type: ignore[misc]
            """Passes on that one of our kernels is compiled, and what it needs with it."""

            def on_start(self, happened: Any) -> None:
                _state.depth += 1
                if _state.depth == 1:
                    module = happened.data["dispatcher"].py_func.__module__
                    _state.started(module.removeprefix("cautery.").partition(".")[0])

            def on_end(self, happened: Any) -> None:
                del happened
                _state.depth -= 1
                if _state.depth == 0:
                    _state.ended()

        event.register("numba:compile", Told())
        _state.has_listener = True
    return numba
