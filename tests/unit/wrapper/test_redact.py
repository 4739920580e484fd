"""Secrets do not reach the log."""

import time

import pytest

from tinyscheduler.wrapper.redact import FRAGMENT_CHARS_MAX, MASK, Redactor


def clean(text: str, *secrets: str) -> str:
    return Redactor(secrets).clean(text)


def test_a_secret_value_is_cut_out_wherever_it_stands() -> None:
    assert clean("a=s3cr3t-value;s3cr3t-value.", "s3cr3t-value") == f"a={MASK};{MASK}."


def test_short_values_stay_because_they_are_parts_of_words() -> None:
    assert clean("it is true", "true", "") == "it is true"


def test_the_longer_of_two_secrets_goes_as_a_whole() -> None:
    assert clean("abcdef-123456", "abcdef", "abcdef-123456") == MASK


def test_every_line_of_a_key_is_a_secret() -> None:
    key = "-----BEGIN X-----\nMIIEowIBAAK\nCAQEA0x1y2z\n-----END X-----\n"

    assert clean("  CAQEA0x1y2z", key) == f"  {MASK}"


def test_a_very_long_secret_is_cut_out_piece_by_piece() -> None:
    secret = "".join(chr(97 + n % 23) for n in range(FRAGMENT_CHARS_MAX * 2))

    assert clean(f"<{secret}>", secret) == f"<{MASK}{MASK}>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.DEF-123456", f"Authorization: Bearer {MASK}"),
        ("key sk-ant-api03-abcdefghijklmnop end", f"key {MASK} end"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", MASK),
        ("github_pat_11ABCDEFG0abcdefghijkl", MASK),
        ("AKIAIOSFODNN7EXAMPLE", MASK),
        ("xoxb-123456789012-abcdef", MASK),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-123", MASK),
        ("id=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-123 ok", f"id={MASK} ok"),
        ("password=hunter22", f"password={MASK}"),
        ('{"password": "hunter22", "a": 1}', f'{{"password": "{MASK}", "a": 1}}'),
        ("AWS_SECRET_ACCESS_KEY=abc/def+ghi", f"AWS_SECRET_ACCESS_KEY={MASK}"),
        ("OPENAI_API_KEY: abcdef", f"OPENAI_API_KEY: {MASK}"),
        ("git clone https://me:hunter22@example.org/x", f"git clone https://me:{MASK}@example.org/x"),
    ],
)
def test_what_looks_like_a_credential_is_cut_out(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "input_tokens: 1234",
        "see https://example.org:8080/a?b=c",
        "the key is under the mat",
        "the bearer of bad news",
        "task-list sk-1 skip-sk-short",
        "compiled 12 modules in 3.4 s",
    ],
)
def test_ordinary_output_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("value: s3cr", "value: "),
        ("value: s3cr3t-value", "value: "),
        ("token ghp_abc", "token "),
        ("password=hun", ""),
        ("Bearer ", ""),
        ("at https://me:hun", "at https"),
        ("at https://example.org/path", "at https://example.org/path"),
    ],
)
def test_what_may_become_a_secret_is_held_back(text: str, shown: str) -> None:
    assert text[: Redactor(["s3cr3t-value+more"]).safe_length(text)] == shown


@pytest.mark.parametrize(
    "unit",
    [
        "a", "secret", "sk-", "://", "password=", "bearer ", "eyJ", "x.", "_-", "eyJ-", "eyJ-passphrase-",
        ".eyJ-eyJ-", "eyJaaaaaaaaaaa.bbbbbbbbbbbbb.", "eyJaaaaaaaaaaa.eyJ-", "-sk-glpat-xoxb-",
    ],
)  # fmt: skip
def test_no_line_makes_the_patterns_slow(unit: str) -> None:
    """An agent must not be able to stop the beat with a line of 128 KiB."""
    text = (unit * 131_072)[:131_072]
    redactor = Redactor(["s3cr3t-value"])

    began = time.process_time()
    redactor.clean(text)
    redactor.safe_length(text)

    assert time.process_time() - began < 1.0
