"""One server for most tests of the protocol: that it serves them all is a part of what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.mcp_agent import Agent, agent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    """A client with a server; each test sets the roots that it needs."""
    async with agent(tmp_path_factory.mktemp("agent")) as connected:
        yield connected
