"""Transactions of the gradebook."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.gradebook.nbgrader_api import quiet


@contextmanager
def one_transaction(gradebook: Any) -> Iterator[None]:
    """Make everything that is done to ``gradebook`` inside one transaction: all or nothing."""
    session = gradebook.db
    session.commit()
    commit = session.registry().commit
    session.registry().commit = session.registry().flush
    try:
        with quiet():
            yield
        session.flush()
    except BaseException:
        session.rollback()
        raise
    else:
        commit()
    finally:
        del session.registry().commit
