"""Where a setting is looked for, and what the base folder moves (features I1)."""

from __future__ import annotations

import os

from tinyscheduler.config.load import load


def test_flag_beats_environment_beats_dotenv_beats_toml_beats_default(desk):
    layers = (
        lambda: desk.write("tinyscheduler.toml", "heartbeat_sec = 20\n"),
        lambda: desk.write(".env", "TINYSCHEDULER_HEARTBEAT_SEC=30\n"),
    )
    seen = [desk.load().policy.heartbeat_interval_s]
    for add in layers:
        add()
        seen.append(desk.load().policy.heartbeat_interval_s)
    seen.append(desk.load(HEARTBEAT_SEC="40").policy.heartbeat_interval_s)
    seen.append(desk.load({"HEARTBEAT_SEC": "50"}, HEARTBEAT_SEC="40").policy.heartbeat_interval_s)

    assert seen == [15, 20, 30, 40, 50]


def test_empty_value_lets_the_next_source_decide(desk):
    desk.write("tinyscheduler.toml", "heartbeat_sec = 20\n")
    desk.write(".env", "TINYSCHEDULER_HEARTBEAT_SEC=\n")

    assert desk.load({"HEARTBEAT_SEC": ""}, HEARTBEAT_SEC=" ").policy.heartbeat_interval_s == 20


def test_limits_of_a_stronger_source_replace_those_of_a_weaker_one_whole(desk):
    desk.write("tinyscheduler.toml", "[queue_limits]\ndev = 1\nqa = 2\n")

    assert desk.load().policy.queue_caps == (("dev", 1), ("qa", 2))
    assert desk.load(QUEUE_LIMITS="dev:4").policy.queue_caps == (("dev", 4),)


def test_settings_work_with_nothing_set_at_all(desk):
    configuration = desk.load()

    assert configuration.connection.endpoint is None
    assert configuration.policy.is_enabled
    assert configuration.places.state == desk.path("state")
    assert not configuration.is_dry_run


def test_base_path_moves_every_derived_place(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()

    moved = desk.load({"BASE_PATH": str(other)}).places

    assert all(path.startswith(str(other)) for path in moved)


def test_place_set_by_itself_stays_when_the_base_moves(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()

    places = desk.load({"BASE_PATH": str(other)}, LOG_DIR="/var/log/agents").places

    assert places.logs == "/var/log/agents"
    assert places.running == f"{other}/state/running"


def test_state_dir_moves_what_lies_in_it(desk):
    places = desk.load(STATE_DIR="elsewhere/state").places

    assert places.running == desk.path("elsewhere/state/running")
    assert places.lock_file == desk.path("elsewhere/state/tinyscheduler.lock")


def test_paths_start_at_the_base_folder_and_tilde_is_home(desk):
    places = desk.load(LOG_DIR="logs/../l", RECIPES_DIR="~/recipes").places

    assert places.logs == desk.path("l")
    assert places.recipes == f"{desk.home}/recipes"


def test_dotenv_and_toml_lie_in_the_named_base_folder(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / ".env").write_text("TINYSCHEDULER_GRACE_SEC=7\n")
    (other / "tinyscheduler.toml").write_text("max_attempts = 9\n")
    desk.write(".env", "TINYSCHEDULER_GRACE_SEC=1\n")

    policy = desk.load(BASE_PATH=str(other)).policy

    assert (policy.grace_s, policy.max_attempts) == (7, 9)


def test_base_path_in_the_default_dotenv_moves_the_rest(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "tinyscheduler.toml").write_text("max_attempts = 9\n")
    desk.write(".env", f"TINYSCHEDULER_BASE_PATH={other}\nTINYSCHEDULER_GRACE_SEC=7\n")

    configuration = desk.load()

    assert configuration.places.state == f"{other}/state"
    assert (configuration.policy.grace_s, configuration.policy.max_attempts) == (7, 9)


def test_env_file_replaces_dotenv_of_the_base_folder(desk):
    desk.write(".env", "TINYSCHEDULER_GRACE_SEC=1\n")
    other = desk.write("other.env", "TINYSCHEDULER_HEARTBEAT_SEC=33\n")

    policy = desk.load(env_file=other).policy

    assert (policy.grace_s, policy.heartbeat_interval_s) == (5, 33)


def test_missing_env_file_is_a_fault(desk):
    (fault,) = desk.faults(env_file=desk.path("nowhere.env"))

    assert fault.field == "--env-file"
    assert fault.value == desk.path("nowhere.env")


def test_missing_env_file_is_a_fault_although_an_empty_one_was_cached(desk):
    empty = desk.write("own.env", "")
    desk.load(env_file=empty)
    os.unlink(empty)

    assert desk.faults(env_file=empty)


def test_named_base_folder_has_to_exist(desk):
    (fault,) = desk.faults({"BASE_PATH": desk.path("typo")})

    assert fault.field == "TINYSCHEDULER_BASE_PATH"


def test_without_launcher_the_base_is_the_xdg_state_folder(desk):
    home = {"HOME": desk.home}
    xdg = home | {"XDG_STATE_HOME": desk.path("xdg")}

    assert load({}, home, write_cache=False).places.base == f"{desk.home}/.local/state/tinyscheduler"
    assert load({}, xdg, write_cache=False).places.base == desk.path("xdg/tinyscheduler")


def test_environment_without_home_is_enough(desk):
    """As ``env -i`` and some service managers have it."""
    environ = {"TINYSCHEDULER_HOME": desk.base, "TINYSCHEDULER_LOG_DIR": "~/logs"}

    places = load({}, environ, write_cache=False).places

    assert places.base == desk.base
    assert os.path.isabs(places.logs)


def test_operator_files_may_be_links(desk):
    desk.write("real/settings", "TINYSCHEDULER_GRACE_SEC=7\n")
    os.symlink(desk.path("real/settings"), desk.path(".env"))

    assert desk.load().policy.grace_s == 7


def test_dangling_link_is_a_fault_and_not_an_absent_file(desk):
    os.symlink(desk.path("gone"), desk.path("agent-control.json"))

    (fault,) = desk.faults()

    assert fault.field == desk.path("agent-control.json")


def test_folder_in_place_of_a_file_is_a_fault(desk):
    os.mkdir(desk.path(".env"))

    (fault,) = desk.faults()

    assert fault.field == desk.path(".env")


def test_two_things_in_one_place_are_a_fault(desk):
    (fault,) = desk.faults(RUNNING_DIR="state/ledger")

    assert (fault.field, fault.value) == ("TINYSCHEDULER_RUNNING_DIR", desk.path("state/ledger"))
