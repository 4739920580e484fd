"""Tables of ``tinyscheduler.toml``: all faults at once, each with its place and a remedy (features C3)."""

import json

import pytest


def toml(desk, text):
    desk.write("tinyscheduler.toml", text)


def test_exit_codes_reach_the_policy_also_from_the_cache(desk):
    toml(desk, "[retry]\npermanent = [64, 2]\n")

    first, cached = desk.load().policy, desk.load().policy

    assert (first.permanent_exits, first.retryable_exits) == ((2, 64), ())
    assert cached == first


def test_without_the_table_every_code_is_worth_another_attempt(desk):
    policy = desk.load().policy

    assert (policy.permanent_exits, policy.retryable_exits) == ((), ())


def test_tables_and_settings_stand_beside_each_other(desk):
    toml(desk, "max_attempts = 5\n[agent_limits]\na = 1\n[retry]\nretryable = [1]\n")

    policy = desk.load().policy

    assert (policy.max_attempts, policy.retryable_exits) == (5, (1,))


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("retry = 5", ": retry", "it is not a table"),
        ("[retry]\npermanet = [2]", ": retry.permanet", "did you mean permanent?"),
        ("[retry]\nmore = [2]", ": retry.more", "there is no such key"),
        ("[retry]\npermanent = 2", ": retry.permanent", "it is not a list"),
        ("[retry]\npermanent = [0]", ": retry.permanent[0]", "it is below 1"),
        ("[retry]\npermanent = [1, 256]", ": retry.permanent[1]", "it is above 255"),
        ('[retry]\npermanent = ["2"]', ": retry.permanent[0]", "it is not a whole number"),
        ("[retry]\npermanent = [true]", ": retry.permanent[0]", "it is not a whole number"),
        ("[retry]\npermanent = [75]", ": retry.permanent", "not now"),
        ("[retry]\npermanent = [2, 2]", ": retry.permanent", "2 is there twice"),
        ("[retry]\npermanent = [2]\nretryable = [2]", ": retry", "permanent and retryable at once"),
        ("[retri]\npermanent = [2]", ": retri", "did you mean retry?"),
        ("[bands]\nhigh = 10", ": bands.high", "it is not below bands.critical"),
        ("[bands]\nnormal = inf", ": bands.normal", "any number"),
        ("[bands]\nturns = [1, 2, 3]", ": bands.turns", "four whole numbers"),
        ("[bands]\nturns = [1, 2, 3]", ": bands.turns", "it has 3 parts instead of 4"),
        ("[pressure]\nload_per_core = -1", ": pressure.load_per_core", "it is below 0; write a number"),
        ("[bands]\nturns = [50, 30, 15, 0]", ": bands.turns[3]", "it is below 1"),
        ("[ageing]\ninterval_min = 0", ": ageing.interval_min", "it is below 1"),
        ("[ageing]\noverdue_hours = 721", ": ageing.overdue_hours", "it is above 720"),
        ('[depth]\nstretch_critical_limits = "yes"', ": depth.stretch_critical_limits", "true or false"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(desk, text, where, told):
    toml(desk, text)

    (fault,) = desk.faults()

    assert fault.field == desk.path("tinyscheduler.toml") + where
    assert told in f"{fault.message}; {fault.remedy}"
    assert fault.remedy


def test_all_faults_of_settings_and_tables_come_together(desk):
    toml(desk, 'max_attempts = "many"\n[retry]\npermanent = [0]\nother = 1\n')

    assert len(desk.faults()) == 3


def test_config_shows_the_tables(desk):
    toml(desk, "[retry]\npermanent = [2, 64]\n")

    shown = json.loads(desk.say("config", "--json").text)["tables"]

    values = {row["name"]: row["value"] for row in shown}
    assert (values["retry.permanent"], values["retry.retryable"]) == ("2, 64", None)
    assert (values["bands.enabled"], values["bands.critical"], values["bands.turns"]) == (
        "false",
        "10",
        "50, 30, 15, 5",
    )
    lines = [line.split() for line in desk.say("config").text.splitlines()]
    assert ["retry.permanent", "2,", "64", "toml"] in lines
    assert ["retry.retryable", "-", "default"] in lines


def test_config_says_of_each_key_whether_the_file_has_it(desk):
    """A default is no line to look for in the file, and what is written there may be the default."""
    toml(desk, "[pressure]\nenabled = true\n[ageing]\ninterval_min = 30\n")

    shown = json.loads(desk.say("config", "--json").text)["tables"]

    written = {row["name"] for row in shown if row["source"] == "toml"}
    assert written == {"pressure.enabled", "ageing.interval_min"}
    lines = [line.split() for line in desk.say("config").text.splitlines()]
    assert ["bands.critical", "10", "default"] in lines
    assert ["pressure.enabled", "true", "toml"] in lines


def test_a_fault_shows_a_value_as_it_is_written(desk):
    toml(desk, "[resources]\nmemory_mb = true\n")

    (fault,) = desk.faults()

    assert fault.value == "true"


def test_the_order_of_starts_reaches_the_policy_also_from_the_cache(desk):
    toml(desk, "[bands]\nenabled = true\ncritical = 100\nturns = [4, 3, 2, 1]\n[ageing]\ninterval_min = 5\n")

    first, cached = desk.load().policy, desk.load().policy

    assert (first.band_floors, first.band_weights) == ((100.0, 5.0, 0.0), (4, 3, 2, 1))
    assert (first.ageing_s, first.overdue_s) == (300, 86_400)
    assert cached == first


def test_without_tables_the_order_is_strict_and_waiting_counts(desk):
    policy = desk.load().policy

    assert (policy.band_weights, policy.ageing_s, policy.stretches_critical) == ((), 1800, False)


def test_ageing_that_is_switched_off_leaves_no_age(desk):
    toml(desk, "[ageing]\nenabled = false\n")

    policy = desk.load().policy

    assert (policy.ageing_s, policy.overdue_s) == (0, 0)
