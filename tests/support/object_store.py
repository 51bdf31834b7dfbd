"""A real S3 server (moto's) in a process of its own, reached as a user reaches one.

The environment names its endpoint, as for any of S3's compatibles; the product knows nothing of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_SERVE = (
    "import sys\n"
    "from moto.server import ThreadedMotoServer\n"
    "server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)\n"
    "server.start()\n"
    "print(server.get_host_and_port()[1], flush=True)\n"
    "sys.stdin.read()\n"  # until nobody is there any more to ask for anything
    "import os; os._exit(0)\n"
)


class ObjectStore:
    """An S3 server without objects. Use it in a `with` block, which ends it.

    Attributes:
        port: on 127.0.0.1.
    """

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={name: value for name, value in os.environ.items() if name[:4] != "AWS_"},
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def make_bucket(self, name: str) -> str:
        """A bucket with nothing in it; its URL."""
        self._ask("PUT", f"/{name}")
        return f"s3://{name}"

    def forget(self) -> None:
        """Leave nothing of what tests before have made."""
        self._ask("POST", "/moto-api/reset")

    def environment(self, port: int | None = None) -> dict[str, str]:
        """What a user's environment says to reach it, or a proxy in front of it at that port."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": "AKIATESTER",
            "AWS_SECRET_ACCESS_KEY": "never-shown",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    def _ask(self, method: str, path: str) -> None:
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
            answer.read()
