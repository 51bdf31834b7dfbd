"""Source text for tests: real enough to be chunked, different enough to be told apart."""

from __future__ import annotations


def python_function(name: str) -> str:
    """A function long enough to be a chunk of its own."""
    lines = [
        f"def {name}(request, retries=3):",
        f'    """Send the {name} request and wait for its answer."""',
        "    for attempt in range(retries):",
        f"        answer = transport.{name}_call(request, attempt=attempt)",
        "        if answer.ok:",
        f"            return answer.payload['{name}']",
        "        time.sleep(2 ** attempt)",
        "        if attempt > retries:",
        f"            log.warning('{name} is slow, attempt %d of %d', attempt, retries)",
        f"    raise TimeoutError('{name} gives up after %d attempts' % retries)",
    ]
    return "\n".join(lines) + "\n"


def python_module(*names: str) -> str:
    """A module of such functions."""
    return "import time\n\n\n" + "\n\n".join(python_function(name) for name in names)
