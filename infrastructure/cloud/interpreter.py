"""The Python that functions run on in the embedded cloud: as on Lambda, the standard library and boto3.

MiniStack would run them on its own interpreter, where everything that the project's tools need is installed,
and a package that is missing from the layer would not be missed.
"""

import importlib.util
import venv
from pathlib import Path

LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


def make_function_python(folder: Path) -> Path:
    """Makes an environment in `folder` and returns its interpreter. boto3 is linked to, not copied."""
    venv.EnvBuilder(symlinks=True, with_pip=False, clear=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in LAMBDA_BRINGS:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (packages / source.name).symlink_to(source)
    return folder / "bin" / "python"
