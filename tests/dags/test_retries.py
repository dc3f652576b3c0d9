"""A failed task is tried again when, and only when, its error says that it may help."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from quanyu import errors
from quanyu.orchestration import BY_ERROR, DEFAULTS, DbtBuild
from quanyu.settings import utc_now

RETRY, FAIL, DEFAULT = RetryAction.RETRY, RetryAction.FAIL, RetryAction.DEFAULT


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.Retryable("cut"), RETRY),
        (errors.Throttled("slow down"), RETRY),
        (errors.TokenExpired("dead"), RETRY),
        (errors.NotReady("no .done"), RETRY),
        (errors.NeedsPerson("authorise again"), FAIL),
        (errors.SwitchedOff("gone"), FAIL),
        (errors.Rejected("wrong"), FAIL),
        (errors.SchemaDrift("a field is gone"), FAIL),
        (errors.GateFailed("not unique"), FAIL),
        (errors.DeliveryUnknown("no answer"), FAIL),
        (errors.TooLate(), FAIL),
        (errors.ConfigurationError("no connection"), FAIL),
        (ValueError("a defect"), DEFAULT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_class_of_error_has_its_answer(error: Exception, action: RetryAction) -> None:
    assert BY_ERROR.evaluate(error, try_number=1, max_tries=3).action is action


def test_every_class_of_the_tree_was_asked_about() -> None:
    """A new class of error needs a line above."""
    asked = {
        "Retryable", "Throttled", "TokenExpired", "NotReady", "NeedsPerson", "Rejected", "SchemaDrift", "GateFailed",
        "DeliveryUnknown", "ConfigurationError", "SwitchedOff", "TooLate",
    }  # fmt: skip
    tree = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, Exception)}
    assert tree - {"QuanyuError"} == asked


def test_a_throttle_waits_until_the_time_that_the_platform_named() -> None:
    error = errors.Throttled("quota", until=utc_now() + timedelta(minutes=7))
    delay = BY_ERROR.evaluate(error, try_number=1, max_tries=3).retry_delay
    assert delay is not None
    assert timedelta(minutes=6, seconds=55) < delay <= timedelta(minutes=7, seconds=1)


def test_a_throttle_without_a_time_waits_as_long_as_airflow_is_told_to() -> None:
    assert BY_ERROR.evaluate(errors.Throttled("busy"), try_number=1, max_tries=3).retry_delay is None


def test_an_expired_token_is_refreshed_once_only() -> None:
    assert BY_ERROR.evaluate(errors.TokenExpired("dead"), try_number=2, max_tries=3).action is FAIL


def test_data_that_is_not_there_yet_is_given_more_time_than_a_cut_connection() -> None:
    delay = BY_ERROR.evaluate(errors.NotReady("no .done"), try_number=1, max_tries=3).retry_delay
    assert delay is not None
    assert delay >= timedelta(minutes=10)


def test_every_task_is_under_the_policy() -> None:
    assert DEFAULTS["retry_policy"] is BY_ERROR
    assert DEFAULTS["retries"] > 0


def test_a_failed_build_is_repeated_once_from_where_it_failed() -> None:
    task = DbtBuild(layer="marts")
    assert task.retries == 1
    assert task.retry_policy.evaluate(errors.Rejected("2 nodes failed"), try_number=1, max_tries=1).action is RETRY
