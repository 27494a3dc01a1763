"""One test for both forms of an SDK: what is awaited where it must be, and taken as it is where not."""

import inspect
from contextlib import asynccontextmanager


async def settle(value):
    """What a call gives, whether it is awaited or not."""
    return await value if inspect.isawaitable(value) else value


async def each(items):
    """The items of an iterable of either kind."""
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


@asynccontextmanager
async def opened(manager):
    """What a context manager of either kind gives."""
    if hasattr(manager, "__aenter__"):
        async with manager as inside:
            yield inside
    else:
        with manager as inside:
            yield inside
