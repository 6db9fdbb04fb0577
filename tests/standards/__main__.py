"""make standards: the open data of several rounds, held to the schemas that their standards publish."""

from __future__ import annotations

import json
import sys

import requests
from referencing.exceptions import Unresolvable

from shared.results import threesixty
from tests.builders.publications import ADDRESS, ROUNDS
from tests.standards.official import THREESIXTY, faults_by


def main() -> int:
    """Returns how the command ends: 0 where all is valid, 1 where it is not, 2 where a schema cannot be had."""
    broken = False
    try:
        faults = faults_by(THREESIXTY)
        for name, make in ROUNDS.items():
            publication = make()
            if not publication.has_awarded:
                continue  # There is no such file.
            found = faults(json.loads(threesixty.grants(publication, ADDRESS)))
            broken = broken or bool(found)
            sys.stdout.write("\n    ".join([f"360Giving, {name}: {'not valid' if found else 'valid'}", *found]) + "\n")
    except (requests.RequestException, ValueError, Unresolvable) as error:
        sys.stderr.write(f"The schema cannot be had, so nothing was checked: {THREESIXTY}\n{type(error).__name__}\n")
        return 2
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
