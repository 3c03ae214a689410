"""A process is the recorded one only when its start time is the recorded one too."""

import os
import signal

from testhosts.process import is_alive, parse_stat, read_stat, wait_until_dead


def test_names_with_spaces_and_parentheses() -> None:
    fields = ["S", "1", "7", "42", *["0"] * 15, "987", "0"]
    stat = parse_stat(f"42 (a ) b (c) {' '.join(fields)}")
    assert (stat.pid, stat.state, stat.session, stat.started) == (42, "S", 42, 987)


def test_own_process_is_alive_and_a_recycled_number_is_not() -> None:
    stat = read_stat(os.getpid())
    assert stat is not None
    assert is_alive(stat.pid, stat.started)
    assert not is_alive(stat.pid, stat.started + 1)


def test_an_ended_child_is_dead() -> None:
    pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    stat = read_stat(pid)
    assert stat is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until_dead(pid, stat.started, 5)
