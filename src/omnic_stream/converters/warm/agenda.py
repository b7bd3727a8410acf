"""Calendars (iCalendar, RFC 5545) as a page, text and a card: events with their times where they happen, repetitions in words."""

# icalendar's values are loosely typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from omnic_stream.converters.warm.cards import Card, Row, write_card
from omnic_stream.converters.warm.dossier import basics
from omnic_stream.converters.warm.files import read
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

LARGEST = 16 * MiB
MOST = 2_000
DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday"}
WORKING = ["MO", "TU", "WE", "TH", "FR"]
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
UNITS = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second to last"}
KINDS = {"VEVENT": "event", "VTODO": "to-do", "VJOURNAL": "journal"}
COLOUR = "#8a3b2f"
CSS = """
.day{margin:1.6rem 0 .6rem;font-size:1.15rem}.event{border-left:4px solid #8a3b2f;padding:.2rem 0 .4rem .9rem;margin:0 0 .9rem}.event h3{margin:0}
.event p{margin:.15rem 0}.when{color:var(--soft)}.about{white-space:pre-line}.note{color:var(--soft)}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    kind: str
    """``event``, ``to-do`` or ``journal``."""
    summary: str
    start: date | datetime | None
    end: date | datetime | None
    """Of a whole day, the last one."""
    facts: tuple[tuple[str, str], ...] = ()
    repeats: str = ""
    description: str = ""
    status: str = ""
    uid: str = ""

    @property
    def order(self) -> tuple[bool, float]:
        start = self.start
        if start is None:
            return (True, 0.0)
        when = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
        return (False, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


@dataclass(slots=True)
class Agenda:
    name: str
    events: list[Event] = field(default_factory=list[Event])


def agenda(call: Call) -> Agenda:
    """Raises Corrupt, TooExpensive."""
    from icalendar import Calendar

    data = read(call.input, LARGEST)
    try:
        calendars: list[Any] = list(Calendar.from_ical(data, multiple=True))
    except Exception as error:  # icalendar meets broken lines with whatever happens to fail
        raise Corrupt("The calendar is broken: it cannot be read as iCalendar.") from error
    if not calendars:
        raise Corrupt("The calendar is broken: it holds nothing.")
    made = Agenda(str(calendars[0].get("X-WR-CALNAME") or calendars[0].get("NAME") or "Calendar"))
    for calendar in calendars:
        try:
            made.events += [_event(each) for each in calendar.walk() if each.name in KINDS]
        except ValueError as error:
            raise Corrupt("The calendar is broken: one of its lines cannot be read as iCalendar.") from error
    made.events.sort(key=lambda event: event.order)
    return made


def _event(component: Any) -> Event:
    start, end = _when(component, "DTSTART"), _when(component, "DTEND") or _when(component, "DUE")
    length = _value(component, "DURATION")
    if end is None and start is not None and isinstance(length, timedelta):
        end = start + length
    if end is not None and start is not None and not isinstance(end, datetime):
        end = max(end - timedelta(days=1), start) if not isinstance(start, datetime) else end
    people = [_person(each) for each in _many(component, "ATTENDEE")]
    alarms = [_alarm(each) for each in component.walk("VALARM")]
    facts = (
        ("Where", _text(component, "LOCATION")),
        ("Organizer", _person(component["ORGANIZER"]) if "ORGANIZER" in component else ""),
        ("Attendees", ", ".join(people[:50]) + (f" and {len(people) - 50} more" if len(people) > 50 else "")),
        ("Categories", ", ".join(str(name) for each in _many(component, "CATEGORIES") for name in getattr(each, "cats", [each]))),
        ("Link", _text(component, "URL")),
        ("Alarm", ", ".join(dict.fromkeys(word for word in alarms if word))),
        (
            "Not on",
            ", ".join(_told(each.dt) for exception in _many(component, "EXDATE") for each in getattr(exception, "dts", [])[:20]),
        ),
    )
    rules = [in_words(dict(rule)) for rule in _many(component, "RRULE")]
    return Event(
        kind=KINDS[component.name],
        summary=_text(component, "SUMMARY") or "(without a title)",
        start=start,
        end=end,
        facts=tuple((label, value) for label, value in facts if value),
        repeats="; ".join(rules),
        description=_text(component, "DESCRIPTION"),
        status=_text(component, "STATUS").lower(),
        uid=_text(component, "UID"),
    )


def _value(component: Any, name: str) -> Any:
    found = component.get(name)
    try:
        return getattr(found[0] if isinstance(found, list) and found else found, "dt", None)
    except ValueError:  # what icalendar could not read as a time
        return None


def _when(component: Any, name: str) -> date | datetime | None:
    value = _value(component, name)
    return value if isinstance(value, date) else None


def _text(component: Any, name: str) -> str:
    found = component.get(name)
    return str(found[0] if isinstance(found, list) and found else found or "").strip()


def _many(component: Any, name: str) -> list[Any]:
    found = component.get(name, [])
    return found if isinstance(found, list) else [found]


def _person(value: Any) -> str:
    name = str(getattr(value, "params", {}).get("CN", "")).strip('"')
    mail = str(value)
    mail = mail[7:] if mail.lower().startswith("mailto:") else mail
    return f"{name} <{mail}>" if name and name != mail else mail


def _alarm(component: Any) -> str:
    trigger = _value(component, "TRIGGER")
    if isinstance(trigger, timedelta):
        seconds = int(trigger.total_seconds())
        return "when it starts" if not seconds else f"{_length(abs(seconds))} {'before' if seconds < 0 else 'after'}"
    return _told(trigger) if isinstance(trigger, date) else ""


def _length(seconds: int) -> str:
    for size, name in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


# --- words ------------------------------------------------------------------------------------------------------------------


def in_words(rule: dict[str, Any]) -> str:
    """A recurrence rule (RFC 5545 section 3.3.10): ``every 2 weeks on Monday and Friday until 3 May 2026``."""
    unit, every = UNITS.get(str(_first(rule, "FREQ")).upper(), "time"), int(_first(rule, "INTERVAL") or 1)
    days = [str(day) for day in rule.get("BYDAY", [])]
    if sorted(days) == sorted(WORKING) and unit in {"week", "day"} and every == 1:
        text = "every working day"
    else:
        text = f"every {unit}" if every == 1 else f"every {every} {unit}s"
        if days:
            text += f" on {_joined([_day(day) for day in days])}"
    if rule.get("BYMONTHDAY"):
        text += f" on {_joined([_month_day(int(day)) for day in rule['BYMONTHDAY']])}"
    if rule.get("BYSETPOS"):
        text += f" (only the {_joined([ORDINALS.get(int(place), f'{place}.') for place in rule['BYSETPOS']])} of these)"
    if rule.get("BYMONTH"):
        text += f" in {_joined([MONTHS[int(str(month).rstrip('L')) - 1] for month in rule['BYMONTH'] if 1 <= int(str(month).rstrip('L')) <= 12])}"
    if count := _first(rule, "COUNT"):
        text += ", once" if int(count) == 1 else f", {count} times"
    until = _first(rule, "UNTIL")
    if isinstance(until, date):
        text += f" until {until.day} {MONTHS[until.month - 1]} {until.year}"
    return text


def _first(rule: dict[str, Any], name: str) -> Any:
    value = rule.get(name)
    return value[0] if isinstance(value, list) and value else value


def _day(text: str) -> str:
    name, place = DAYS.get(text[-2:], text[-2:]), text[:-2]
    return f"the {ORDINALS.get(int(place), f'{int(place)}.')} {name}" if place.lstrip("+-").isdigit() else name


def _month_day(day: int) -> str:
    return f"day {day}" if day > 0 else "the last day" if day == -1 else f"day {-day} from the end"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _told(when: date | datetime) -> str:
    day = f"{when:%A}, {when.day} {MONTHS[when.month - 1]} {when.year}"
    return f"{day}, {when:%H:%M}{_zone(when)}" if isinstance(when, datetime) else day


def _zone(when: datetime) -> str:
    if when.tzinfo is None:
        return ""
    name = getattr(when.tzinfo, "key", None) or when.tzname() or ""
    return f" {'UTC' if name in {'UTC', 'Etc/UTC'} else name}"


def span(event: Event) -> str:
    """When it happens, on the clocks of where it does: ``Friday, 2 January 2026, 10:00 to 11:00 UTC``."""
    start, end = event.start, event.end
    if start is None:
        return f"due {_told(end)}" if end is not None else "no time"
    if not isinstance(start, datetime):
        return f"{_told(start)}, all day" if end is None or end == start else f"{_told(start)} to {_told(end)}, all day"
    if not isinstance(end, datetime) or end == start:
        return _told(start)
    if start.date() == end.date() and _zone(start) == _zone(end):
        return f"{_told(start).rpartition(',')[0]}, {start:%H:%M} to {end:%H:%M}{_zone(start)}"
    return f"{_told(start)} to {_told(end)}"


def _day_of(event: Event) -> str:
    start = event.start or event.end
    return "Without a time" if start is None else f"{start:%A}, {start.day} {MONTHS[start.month - 1]} {start.year}"


# --- showing ----------------------------------------------------------------------------------------------------------------


def page(call: Call) -> None:
    made = agenda(call)
    parts = [f"<h1>{html.escape(made.name)}</h1>", f'<p class="note">{counted(made)}</p>']
    day = ""
    for event in made.events[:MOST]:
        if (heading := _day_of(event)) != day:
            day = heading
            parts.append(f'<h2 class="day">{day}</h2>')
        parts.append(_article(event))
    if len(made.events) > MOST:
        parts.append(f'<p class="note">The first {MOST:,} of {len(made.events):,}.</p>')
    write(call, document(made.name, "\n".join(parts), css=CSS))


def counted(made: Agenda) -> str:
    counts = {kind: sum(event.kind == kind for event in made.events) for kind in KINDS.values()}
    plural = {"event": "events", "to-do": "to-dos", "journal": "journal entries"}
    return ", ".join(f"{count:,} {kind if count == 1 else plural[kind]}" for kind, count in counts.items() if count) or "no events"


def _article(event: Event) -> str:
    facts = "".join(f"<p>{label}: {html.escape(value)}</p>" for label, value in event.facts)
    repeats = f'<p class="when">Repeats {html.escape(event.repeats)}</p>' if event.repeats else ""
    about = f'<p class="about">{html.escape(event.description)}</p>' if event.description else ""
    status = f" ({html.escape(event.status)})" if event.status and event.status not in {"confirmed", "needs-action"} else ""
    heading = f'<h3>{html.escape(event.summary)}{status}</h3><p class="when">{html.escape(span(event))}</p>'
    return f'<article class="event">{heading}{repeats}{facts}{about}</article>'


def text(call: Call) -> None:
    made = agenda(call)
    blocks: list[str] = []
    for event in made.events:
        lines = [event.summary, span(event), f"Repeats {event.repeats}" if event.repeats else ""]
        blocks.append("\n".join(filter(None, [*lines, *(f"{label}: {value}" for label, value in event.facts), event.description])))
    write(call, "\n\n".join([f"{made.name}: {counted(made)}", *blocks, ""]).encode("utf-8", "replace"))


def picture(call: Call) -> None:
    made = agenda(call)
    rows: list[Row] = []
    day = ""
    for event in made.events[:200]:
        if (heading := _day_of(event)) != day:
            day = heading
            rows.append(Row(text=day, strong=True))
        start, end = event.start, event.end
        note = (
            (
                f"{start:%H:%M}"
                + (f" to {end:%H:%M}" if isinstance(end, datetime) else "")
                + " "
                + _zone(start).rpartition("/")[2].strip()
            )
            if isinstance(start, datetime)
            else ""
        )
        rows.append(Row(text=event.summary, note=note or ("all day" if start else ""), icon=COLOUR))
        rows += [Row(text=f"Repeats {event.repeats}", depth=1)] if event.repeats else []
        rows += [Row(text=value, depth=1) for label, value in event.facts if label == "Where"]
    write_card(call, Card(badge="ICS", title=made.name, subtitle=counted(made), rows=rows, colour=COLOUR))


def metadata(call: Call) -> None:
    made = agenda(call)
    events = [
        {
            "kind": event.kind, "summary": event.summary, "start": event.start.isoformat() if event.start else None,
            "end": event.end.isoformat() if event.end else None, "repeats": event.repeats or None, "status": event.status or None,
            "uid": event.uid, **{label.lower().replace(" ", "_"): value for label, value in event.facts},
        }
        for event in made.events[:10_000]
    ]  # fmt: skip
    write(
        call,
        json.dumps(
            basics(call) | {"name": made.name, "count": len(made.events), "events": events}, ensure_ascii=False, indent=1
        ).encode(),
    )
