"""Release the exercises that changed, and no others."""

from autograder.course import STUB, Course, GraderError
from autograder.files import digest, digest_folder, read_record, write_record


def release(course: Course, assignments: list[str], *, force: bool = False) -> list[str]:
    """Release ``assignments`` (all when empty); return those that had to be made anew.

    An exercise is made anew when its folder in ``solutions/`` changed since its last
    release, or when what that release left is gone. Equal sources give equal bytes.

    Raises:
        GraderError: exercises that cannot be released; their former releases stay, and the
            others are released.
    """
    record_path = course.source / ".released.json"
    made, faults = [], []
    for name in course.choose(assignments):
        record = read_record(record_path)
        wanted = digest(digest_folder(course.solutions / name).encode(), STUB.encode())
        if force or record.get(name) != [wanted, _produced(course, name)]:
            from autograder.exercises.convert import make_release  # slow to import

            try:
                make_release(course, name)
            except GraderError as error:
                faults.append(str(error))
                continue
            record[name] = [wanted, _produced(course, name)]
            write_record(record_path, record)
            made.append(name)
    if faults:
        raise GraderError("\n".join(faults))
    return made


def _produced(course: Course, name: str) -> str:
    """Return the digest of everything that a release of ``name`` has left, or ''."""
    folders = [course.source / name, course.release / name]
    if not all(folder.is_dir() for folder in folders):
        return ""
    if not course.has_gradebook:
        return ""
    return digest(*(digest_folder(folder).encode() for folder in folders))
