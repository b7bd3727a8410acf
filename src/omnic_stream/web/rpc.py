"""One socket's session: its subscriptions and the methods that a client may call; not how bytes travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from msgspec import UNSET, Raw

from omnic_stream.model.contracts import Watch
from omnic_stream.model.errors import Busy, OmnicError
from omnic_stream.model.events import FLEETING, SETTLED, Logged, Ready
from omnic_stream.web.access import Signature
from omnic_stream.web.live import Live
from omnic_stream.web.mailbox import Mailbox
from omnic_stream.web.rpc_protocol import (
    FAILED,
    Media,
    Parsed,
    Prioritise,
    Request,
    Signed,
    Types,
    Unwatch,
    answer,
    failure,
    joined,
    parse,
)
from omnic_stream.web.wire import Form, Spelling

MOST_SUBSCRIPTIONS = 256
MOST_LOOKS = 16
"""Requests that wait for a download (``types``) at once on one socket."""


class Subscription:
    """A watcher for one Job as one client spelled it. Until its answer is on the way, it holds back what it is told."""

    __slots__ = ("_held", "_session", "follow", "over", "spelling", "watch")

    def __init__(self, session: Session, spelling: Spelling, *, follow: bool) -> None:
        self._session, self.spelling, self.follow = session, spelling, follow
        self._held: list[Logged] | None = []
        self.watch: Watch | None = None
        self.over = False

    def put(self, logged: Logged) -> None:
        if self._held is not None:
            self._held.append(logged)
            return
        if self.over:
            return
        settled = isinstance(logged.event, SETTLED)
        slot = (self, type(logged.event)) if isinstance(logged.event, FLEETING) else None
        self._session.tell(self.spelling.encoded(logged), slot)
        if settled and not self.follow:
            self._session.forget(self)

    def release(self) -> None:
        held, self._held = self._held, None
        for logged in held or ():
            self.put(logged)

    def close(self) -> None:
        self.over = True
        if self.watch is not None:
            self.watch.close()


class Session:
    """Performs what one client asks and puts answers and notifications into its mailbox.

    A subscription is known by its key and by the words in which it was asked for, so asking twice tells nothing twice,
    while ``png`` and ``image/png`` are each told in their own words. It ends by itself after ``ready`` or ``failed``;
    with ``follow`` it stays, and counts, and is told what the Job's log may get beyond that.
    """

    def __init__(self, live: Live, mailbox: Mailbox, *, form: Form, frame: Callable[[bytes], bytes]) -> None:
        """``form`` makes notifications, ``frame`` makes of an answer's JSON what goes on the connection."""
        self._live, self._mailbox, self._form, self._frame = live, mailbox, form, frame
        self._subscriptions: dict[tuple[str, str, str], Subscription] = {}
        self._looks = 0

    def __len__(self) -> int:
        return len(self._subscriptions)

    def receive(self, message: str | bytes, nursery: trio.Nursery) -> None:
        """Perform a message. What must wait (``types``) waits in the nursery, so the reading goes on.

        The answer is put before the notifications of what it subscribed to, unless it has to wait itself.
        """
        parsed = parse(message)
        fresh: list[Subscription] = []
        looks: list[tuple[Request, Types]] = []
        replies: list[Raw] = []
        for request in parsed.requests:
            if isinstance(request.params, Types):
                looks.append((request, request.params))
            else:
                self._collect(replies, request, self._attempt(request.params, fresh))
        if looks:
            nursery.start_soon(self._look_and_reply, parsed, replies, looks)
        else:
            self._say(parsed, replies)
        for subscription in fresh:
            subscription.release()

    def tell(self, entry: bytes, slot: object | None) -> None:
        self._mailbox.put(entry, slot)

    def forget(self, subscription: Subscription) -> None:
        spelling = subscription.spelling
        place = (spelling.key, spelling.url, spelling.type)
        if self._subscriptions.get(place) is subscription:
            del self._subscriptions[place]
        subscription.close()

    def close(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.close()
        self._subscriptions.clear()

    # --- the methods

    def _media(self, asked: Media, fresh: list[Subscription]) -> dict[str, Any]:
        live = self._live
        live.access.check(target=asked.type, url=asked.url, signature=_signature(asked))
        wanted = live.parse(asked.url, asked.type, asked.profile)
        key = wanted.key
        place = (key, asked.url, asked.type)
        known = self._subscriptions.get(place)
        if known is not None and known.watch is not None and not isinstance(known.watch.latest.event, SETTLED):
            known.watch.prioritise(asked.priority)
            known.follow = known.follow or asked.follow
            return self._state(key, known.watch.latest)
        if known is not None:
            self.forget(known)
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise Busy(f"A socket holds at most {MOST_SUBSCRIPTIONS} subscriptions: unwatch what is no longer needed.")
        spelling = Spelling(key=key, url=asked.url, type=asked.type, href=live.href, form=self._form)
        subscription = Subscription(self, spelling, follow=asked.follow)
        subscription.watch = live.jobs.watch(wanted, subscription, priority=asked.priority)
        self._subscriptions[place] = subscription
        fresh.append(subscription)
        return self._state(key, subscription.watch.latest)

    def _state(self, key: str, latest: Logged) -> dict[str, Any]:
        state: dict[str, Any] = {"key": key, "state": latest.event.name, "seq": latest.seq}
        if isinstance(latest.event, Ready):
            state["href"] = self._live.href(latest.event.artifact, latest.event.entry, latest.event.directory)
        return state

    def _unwatch(self, asked: Unwatch) -> dict[str, Any]:
        mine = self._of(asked.key)
        for subscription in mine:
            self.forget(subscription)
        return {"key": asked.key, "known": bool(mine)}

    def _prioritise(self, asked: Prioritise) -> dict[str, Any]:
        mine = self._of(asked.key)
        for subscription in mine:
            if subscription.watch is not None:
                subscription.watch.prioritise(asked.priority)
        return {"key": asked.key, "known": bool(mine)}

    def _of(self, key: str) -> list[Subscription]:
        return [subscription for place, subscription in self._subscriptions.items() if place[0] == key]

    async def _types(self, asked: Types) -> Any:
        live = self._live
        live.access.check(target="", url=asked.url, signature=_signature(asked))
        address = live.parse_address(asked.url)
        if self._looks >= MOST_LOOKS:
            raise Busy(f"A socket asks for the types of at most {MOST_LOOKS} addresses at once: wait for the answers.")
        self._looks += 1
        try:
            return await live.jobs.types(address)
        finally:
            self._looks -= 1

    # --- asking and answering

    def _attempt(self, asked: Media | Unwatch | Prioritise, fresh: list[Subscription]) -> Any:
        try:
            match asked:
                case Media():
                    return self._media(asked, fresh)
                case Unwatch():
                    return self._unwatch(asked)
                case Prioritise():
                    return self._prioritise(asked)
        except OmnicError as error:
            return error

    def _collect(self, replies: list[Raw], request: Request, outcome: Any) -> None:
        if request.id is UNSET:
            return
        if isinstance(outcome, OmnicError):
            data = {"code": outcome.code, "status": outcome.status}
            replies.append(failure(request.id, FAILED, outcome.message, data))
        else:
            replies.append(answer(request.id, outcome))

    async def _look_and_reply(self, parsed: Parsed, replies: list[Raw], looks: list[tuple[Request, Types]]) -> None:
        async def look(request: Request, asked: Types) -> None:
            try:
                outcome = await self._types(asked)
            except OmnicError as error:
                outcome = error
            self._collect(replies, request, outcome)

        async with trio.open_nursery() as nursery:
            for request, asked in looks:
                nursery.start_soon(look, request, asked)
        self._say(parsed, replies)

    def _say(self, parsed: Parsed, replies: list[Raw]) -> None:
        said = joined(parsed, replies)
        if said is not None:
            self._mailbox.put(self._frame(said))


def _signature(asked: Signed) -> Signature:
    return Signature(asked.kid, None if asked.exp is None else str(asked.exp), asked.sig)
