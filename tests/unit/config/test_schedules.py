"""``[[schedules]]``: what holds, and what is wrong with its place and a remedy (features G6)."""

from __future__ import annotations

import json

import pytest

LEAST = '[[schedules]]\nname = "nightly"\ntitle = "Tidy up"\nqueue = "dev"\n'


def toml(desk, text):
    desk.write("tinyscheduler.toml", text)


def test_a_schedule_reaches_the_configuration_also_from_the_cache(desk):
    text = 'cron = "0  2 * * *"\nzone = "Europe/Berlin"\ncatch_up = "once"\nwindow = "2h"\npriority = 3\n'
    toml(desk, LEAST + text + 'tags = ["tidy"]\ndescription = "All of it."\n')

    first, cached = desk.load().schedules, desk.load().schedules

    (schedule,) = first
    assert (schedule.rule, schedule.catch_up) == ("cron 0 2 * * * Europe/Berlin", "once")
    assert (schedule.window_s, schedule.priority, schedule.tags) == (7200, 3.0, ("tidy",))
    assert cached == first


def test_without_schedules_there_are_none(desk):
    assert desk.load().schedules == ()


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("90m", 5400), ("6h", 21_600), ("1d", 86_400), ("2w", 1_209_600)]
)
def test_an_interval_is_a_number_with_its_unit(desk, text, seconds):
    toml(desk, LEAST + f'every = "{text}"\n')

    (schedule,) = desk.load().schedules

    assert (schedule.every_s, schedule.cron) == (seconds, "")


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ('schedules = "daily"', "", "[[schedules]] on a line of its own"),
        ("[schedules]\na = 1", "", "[[schedules]] on a line of its own"),
        (LEAST, "[0]", "write either cron or every"),
        (LEAST + 'cron = "@daily"\nevery = "1h"', "[0]", "it says twice when"),
        (LEAST + 'cron = "61 * * * *"', "[0].cron", "bad minute"),
        (LEAST + 'cron = "* * */20 * 1L"', "[0].cron", "that never comes"),
        (LEAST + 'cron = "* * * * * *"', "[0].cron", "minute, hour, day, month and weekday"),
        (LEAST + "cron = 5", "[0].cron", "it is not text"),
        (LEAST + 'cron = "@daily"\nzone = "Europe/Berlinn"', "[0].zone", "there is no time zone"),
        (LEAST + 'every = "1h"\nzone = "Europe/Berlin"', "[0].zone", "an interval has no time of day"),
        (LEAST + 'every = "30s"', "[0].every", "a whole number with m, h, d or w"),
        (LEAST + 'every = "0m"', "[0].every", "a minute up"),
        (LEAST + 'every = "999999w"', "[0].every", "too long"),
        (LEAST + 'every = "1h"\nwindow = "8d"', "[0].window", 'from "1m" to "1w"'),
        (LEAST + 'every = "1h"\ncatch_up = "some"', "[0].catch_up", '"skip", "once" or "all"'),
        (LEAST + 'every = "1h"\nevrey = "2h"', "[0].evrey", "did you mean every?"),
        (LEAST + 'every = "1h"\ntags = ["schedule:x"]', "[0].tags[0]", "the mark"),
        (LEAST + 'every = "1h"\ntags = ["a,b"]', "[0].tags[0]", "no commas"),
        (LEAST + 'every = "1h"\npriority = inf', "[0].priority", "any number"),
        ('[[schedules]]\ntitle = "x"\nqueue = "dev"\nevery = "1h"', "[0].name", "it is missing"),
        (
            '[[schedules]]\nname = "a b"\ntitle = "x"\nqueue = "dev"\nevery = "1h"',
            "[0].name",
            "is not a name",
        ),
        ('[[schedules]]\nname = "a"\ntitle = " "\nqueue = "dev"\nevery = "1h"', "[0].title", "it is empty"),
        ('[[schedules]]\nname = "a"\ntitle = "x"\nevery = "1h"', "[0]", "nobody would ever be given"),
        (LEAST + 'every = "1h"\n' + LEAST + 'every = "2h"', "", "the name is there twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(desk, text, where, told):
    toml(desk, text)

    (fault,) = desk.faults()

    assert fault.field == desk.path("tinyscheduler.toml") + ": schedules" + where
    assert told in f"{fault.message}; {fault.remedy}"


def test_all_faults_come_together(desk):
    toml(desk, LEAST + 'every = "1s"\nwindow = "x"\n' + LEAST.replace("nightly", "b") + "[retry]\nmore = 1\n")

    assert len(desk.faults()) == 4


def test_a_queue_that_nobody_serves_is_noted(desk):
    toml(desk, LEAST.replace('"dev"', '"dve"') + 'every = "1h"\n')

    (note,) = (note for note in desk.load().notes if "schedule" in note)

    assert note.startswith("schedule nightly names dve, a queue that no agent serves")


def test_config_shows_them(desk):
    toml(desk, LEAST + 'every = "1h"\nenabled = false\n')

    shown = json.loads(desk.say("config", "--json").text)["tables"]

    values = {row["name"]: row["value"] for row in shown}
    assert values["schedules.nightly"] == "every 1h, catch_up skip, off: Tidy up"
    assert "schedules.nightly" in desk.say("config").text
