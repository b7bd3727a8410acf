"""A whole process that serves, for tests that send it signals: prints its port, ends with 0."""

import sys

import trio

from omnic_stream.testing.jobs import FakeJobs
from omnic_stream.web.mailbox import Audience
from omnic_stream.web.serve import Serving, serve
from web.live_support import make_app, make_live


async def main() -> None:
    stopping, audience = trio.Event(), Audience()
    app = make_app(make_live(FakeJobs()), audience)
    async with trio.open_nursery() as nursery:

        async def run(task_status):
            await serve(
                app,
                bind="127.0.0.1:0",
                stopping=stopping,
                serving=Serving(grace=20),
                leave=audience.dismiss,
                task_status=task_status,
            )

        _, port = await nursery.start(run)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    trio.run(main)
