"""The pool of fork servers: one that dies costs nobody a point."""

from pathlib import Path

import pytest

from autograder.exercises.publish import release
from autograder.grading import pool
from autograder.grading.grade import grade
from tests.support.tiny_course import hand_in, solved, tiny_course


@pytest.mark.slow
@pytest.mark.parametrize("roles", [["judge"], ["student"], ["judge", "student"]])
def test_a_fork_server_that_dies_is_started_again(tmp_path: Path, roles: list[str]) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    for number in range(6):
        hand_in(course, f"s{number}", solved(course))
    pool.close()  # what other tests have started
    left = list(roles)

    def kill(result: object) -> None:
        if left:
            module = f"autograder.{left.pop(0)}.process"
            (server,) = (one for one in pool.POOL.servers.values() if module in one.command)
            server.process.kill()

    results = grade(course, [], tell=kill, workers=1)
    assert not left
    assert [one.score for one in results] == [6] * 6
    assert not [one.message for one in results if one.message]
    assert not [one.flags for one in results if one.flags]
