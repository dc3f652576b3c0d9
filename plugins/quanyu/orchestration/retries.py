"""When a failed task is worth another try: our error tree says it, not the task."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule
from airflow.sdk.definitions.context import Context

from quanyu.errors import NotReady, QuanyuError, Retryable, Throttled, TokenExpired
from quanyu.settings import utc_now

RETRIES = 3


class ErrorTree(ExceptionRetryPolicy):
    """`ExceptionRetryPolicy` with what a static rule cannot know: the platform's own time, and "once"."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide by the class of the error; a throttle waits for the time that the platform named."""
        if isinstance(exception, TokenExpired) and try_number > 1:
            return RetryDecision.fail("a fresh token was refused as well")
        if isinstance(exception, Throttled) and exception.until:
            wait = max(exception.until - utc_now(), timedelta()) + timedelta(seconds=1)
            return RetryDecision.retry(wait, "the platform named the time of the next call")
        return super().evaluate(exception, try_number, max_tries, context)


BY_ERROR = ErrorTree(
    rules=[
        # No delay of its own: Airflow's [core] default_task_retry_delay.
        RetryRule(Retryable, reason="the same call may work in a moment"),
        RetryRule(TokenExpired, retry_delay=timedelta(seconds=1), reason="a fresh token is worth one more try"),
        RetryRule(NotReady, retry_delay=timedelta(minutes=30), reason="the data is not there yet"),
        RetryRule(QuanyuError, action=RetryAction.FAIL, reason="repeating cannot help"),
    ]
)

DBT_ONCE_MORE = ExceptionRetryPolicy(
    rules=[
        # A lost connection looks like any failed node; `dbt retry` repeats only those, so one more try is cheap.
        RetryRule("quanyu.errors.Rejected", retry_delay=timedelta(seconds=5), reason="dbt retry of the failed nodes"),
    ]
)

DEFAULTS = {"owner": "quanyu", "retries": RETRIES, "retry_policy": BY_ERROR}
"""`default_args` of every DAG."""
