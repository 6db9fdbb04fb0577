"""A wire between a browser and the cloud that can be cut in mid-transfer, as no switch of the browser itself does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import ProxySettings


@dataclass
class Wire:
    """A SOCKS proxy that knows one way only."""

    cloud: int
    _listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: set[socket.socket] = field(default_factory=set)
    _whole: bool = True

    @property
    def proxy(self) -> ProxySettings:
        """How a browser context is told to use it, for this machine's own addresses too."""
        return {"server": f"socks5://127.0.0.1:{self._listening.getsockname()[1]}", "bypass": "<-loopback>"}

    def cut(self) -> None:
        """Everything under way ends, and nothing gets through until it is mended."""
        self._whole = False
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Whole again."""
        self._whole = True

    def serve(self) -> None:
        """Until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def close(self) -> None:
        self.cut()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _connect(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            if not self._whole:
                return
            near.recv(257)  # which ways of proving oneself there are: none is needed
            near.sendall(b"\x05\x00")
            near.recv(262)  # where to: there is only one way
            with socket.create_connection(("127.0.0.1", self.cloud)) as far:
                near.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
                self._open |= {near, far}
                back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
                back.start()
                _pass_on(near, far)
                back.join()
                self._open -= {near, far}


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := one.recv(65536):
            other.sendall(some)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire_to(cloud: int) -> Iterator[Wire]:
    """A wire to that port, for the length of a block."""
    wire = Wire(cloud)
    threading.Thread(target=wire.serve, daemon=True).start()
    try:
        yield wire
    finally:
        wire.close()
