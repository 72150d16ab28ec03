"""Answers leave at once: head and body go out in two pieces, and the second must not wait for the first's receipt."""

import socket

from clearance.services import listening


def test_what_is_accepted_sends_small_pieces_at_once() -> None:
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
