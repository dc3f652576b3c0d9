"""Every metric of the semantic layer can be asked of the published marts, and means what it says.

MetricFlow writes the SQL from the contracts; a metric, key or column that names something else does not run here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from typer.testing import CliRunner

from quanyu import metrics
from quanyu.cli import app
from quanyu.errors import ConfigurationError
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.marts_docs import read_marts
from quanyu.marts_docs.bundle import assets
from quanyu.marts_docs.metrics import read_metrics, read_semantic_models
from quanyu.metrics import Question

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine

METRICS = [metric.name for metric in read_metrics()]

# (Superset's dataset, its metric) -> ours of the same meaning.
SAME = {
    ("fct_orders", "orders"): "orders",
    ("fct_orders", "buyers"): "buyers",
    ("fct_orders", "gross_yuan"): "gross_revenue_yuan",
    ("fct_orders", "refunded_yuan"): "refunded_yuan",
    ("fct_orders", "net_yuan"): "net_revenue_yuan",
    ("fct_orders", "yuan_per_order"): "average_order_value_yuan",
    ("fct_orders", "refund_share"): "refund_rate",
    ("dim_customers", "people"): "new_people",
    ("dim_customers", "buyers"): "new_customers",
    ("dim_customers", "repeat_share"): "repurchase_rate",
    ("fct_touchpoints", "touches"): "touchpoints",
    ("fct_touchpoints", "people"): "people_touched",
}

FACTS = """
insert into marts.fct_orders (order_key, one_id, channel, ordered_on, is_paid, gross_fen, refunded_fen, net_fen) values
    ('a', 'q1', 'tmall', '2026-10-31', true, 10000, 0, 10000),
    ('b', 'q1', 'tmall', '2026-11-01', true, 30001, 1, 30000),
    ('c', null, 'store', '2026-11-02', true, 5000, 0, 5000),
    ('d', 'q2', 'store', '2026-11-30', false, 0, 2500, -2500);
insert into marts.fct_attribution (order_key, model, channel, campaign_key, ordered_on, credit_fen)
    select 'a', model, channel, '', date '2026-11-01', 100 * credit
    from (values ('first', 'wecom', 9), ('last', 'wecom', 3), ('last', 'app', 6)) as credits (model, channel, credit);
insert into marts.fct_ad_spend (spend_key, channel, spent_on, cost_fen) values
    ('x', 'wecom', '2026-11-01', 200), ('y', 'wecom', '2026-11-02', 100), ('z', 'douyin', '2026-11-02', 50);
insert into marts.fct_aipl_daily (aipl_on, label, people_in, people_out, closing) values
    ('2026-11-19', 'interest', 5, 0, 50), ('2026-11-20', 'interest', 2, 1, 51), ('2026-11-20', 'loyalty', 1, 0, 8);
insert into marts.fct_touchpoints (touchpoint_key, one_id, channel, touchpoint_type, placement, occurred_on, quantity)
    values
    ('1', 'q1', 'web', 'view', null, '2026-11-01', 1), ('2', 'q1', 'web', 'view', null, '2026-11-02', 1),
    ('3', null, 'douyin', 'ad', 'FEED', '2026-11-02', 70);
insert into marts.dim_channels (kind_key, stage) values ('web|view|', 'interest'), ('douyin|ad|FEED', 'attention');
insert into marts.dim_customers (one_id, first_seen_on, first_order_on, orders_count) values
    ('q1', '2026-09-01', '2026-10-31', 2), ('q3', '2026-10-01', '2026-10-01', 1), ('q4', '2026-10-01', null, 0);
insert into marts.fct_messages (message_key, planned_on, channel, sent_at, is_delivered, responses) values
    ('m', '2026-11-01', 'aliyun_sms', '2026-11-02 10:00+08', true, 2),
    ('n', '2026-11-01', 'aliyun_sms', '2026-11-02 10:00+08', false, 0),
    ('o', '2026-11-01', 'aliyun_sms', null, false, 0);
"""


@pytest.fixture(scope="module")
def facts(contracts: str, postgres: EmbeddedPostgres) -> str:
    """The URL of a warehouse whose marts hold FACTS."""
    assert contracts
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("create database facts template contracts")
    with psycopg.connect(postgres.url("facts"), autocommit=True) as connection:
        connection.execute(FACTS)
    return postgres.url("facts")


@pytest.fixture(scope="module")
def engine(facts: str, tmp_path_factory: pytest.TempPathFactory) -> MetricFlowEngine:
    """dbt takes the metrics and warns of nothing in them."""
    pytest.importorskip("metricflow", reason="`make setup` installs it")
    folder = tmp_path_factory.mktemp("metrics")
    known = metrics.engine(facts, folder)
    warnings = [line for line in (folder / "dbt.log").read_text(encoding="utf-8").splitlines() if "[WARNING]" in line]
    assert [line for line in warnings if "Constraint types are not supported" not in line] == []
    return known


def asked(facts: str, engine: MetricFlowEngine, *names: str, by: str = "", where: str = "") -> list[tuple[Any, ...]]:
    question = Question(metrics=names, by=by.split(), where=[where] if where else [], order=by.split()[:1])
    return metrics.answer(facts, metrics.sql(engine, question))[1]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_can_be_asked_and_told_apart_by_every_column(facts: str, engine: MetricFlowEngine, name: str) -> None:
    columns = sorted(dimension.dunder_name for dimension in engine.list_dimensions([name]))
    assert "metric_time__day" in columns
    assert len(asked(facts, engine, name)) == 1
    asked(facts, engine, name, by=" ".join(columns))


def test_what_metrics_name_are_columns_of_the_marts(contracts: str) -> None:
    marts = {mart.name for mart in read_marts()}
    with psycopg.connect(contracts) as connection:
        for model in read_semantic_models():
            assert model.mart in marts
            named = [*model.entities.values(), *model.dimensions.values(), *(of for _, of in model.measures.values())]
            connection.execute(f"select {', '.join(named)} from marts.{model.mart}")


def test_a_metric_has_one_name_and_says_what_it_means_in_both_languages() -> None:
    assert len(METRICS) == len(set(METRICS))
    for metric in read_metrics():
        assert metric.description.endswith("."), metric.name
        assert any("\u4e00" <= letter <= "\u9fff" for letter in metric.label), metric.name


def test_a_return_without_a_sale_is_money_and_no_order(facts: str, engine: MetricFlowEngine) -> None:
    names = ("orders", "buyers", "net_revenue_yuan", "average_order_value_yuan")
    october, november = asked(facts, engine, *names, by="metric_time__month")
    assert october[1:] == (1, 1, Decimal(100), 100.0)
    assert november[1:] == (2, 1, Decimal(325), pytest.approx(175.005))


def test_whoever_bought_in_two_months_is_one_buyer(facts: str, engine: MetricFlowEngine) -> None:
    assert asked(facts, engine, "buyers") == [(1,)]


def test_spend_counts_once_whatever_the_model(facts: str, engine: MetricFlowEngine) -> None:
    names = ("credited_first_yuan", "credited_last_yuan", "ad_spend_yuan", "return_on_spend_last")
    rows = {row[0]: row[1:] for row in asked(facts, engine, *names, by="channel")}
    assert rows == {
        "app": (None, Decimal(6), None, None),
        "douyin": (None, None, Decimal("0.5"), None),
        "wecom": (Decimal(9), Decimal(3), Decimal(3), 1.0),
    }
    assert asked(facts, engine, "return_on_spend_first") == [(pytest.approx(9 / 3.5),)]


def test_people_of_a_label_are_those_of_the_last_day_and_changes_add_up(facts: str, engine: MetricFlowEngine) -> None:
    interest, loyalty = asked(facts, engine, "aipl_people", "aipl_people_in", by="aipl_day__label")
    assert (interest, loyalty) == (("interest", 51, 7), ("loyalty", 8, 1))


def test_people_of_the_funnel_are_distinct_and_advertising_has_none(facts: str, engine: MetricFlowEngine) -> None:
    rows = asked(facts, engine, "people_touched", "touchpoints", by="kind__stage")
    assert rows == [("attention", 0, 70), ("interest", 1, 2)]


def test_repurchase_is_of_those_who_first_bought_then(facts: str, engine: MetricFlowEngine) -> None:
    assert asked(facts, engine, "new_people", "new_customers", "repurchase_rate") == [(3, 2, 0.5)]


def test_rates_of_messages_are_of_those_that_were_sent(facts: str, engine: MetricFlowEngine) -> None:
    names = ("messages_planned", "messages_sent", "delivery_rate", "response_rate")
    assert asked(facts, engine, *names) == [(3, 2, 0.5, 0.5)]


def test_a_condition_is_of_the_same_words_as_what_is_told_apart(facts: str, engine: MetricFlowEngine) -> None:
    where = "{{ Entity('channel') }} = 'tmall'"
    assert asked(facts, engine, "gross_revenue_yuan", where=where) == [(Decimal("400.01"),)]


def test_an_unknown_metric_is_answered_by_those_that_sound_like_it(engine: MetricFlowEngine) -> None:
    with pytest.raises(ConfigurationError, match="net_revenue_yuan"):
        metrics.sql(engine, Question(metrics=["net_revenu"]))


def test_an_answer_only_reads(facts: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        metrics.answer(facts, "create table marts.mine (x int)")


@pytest.mark.parametrize(("theirs", "ours"), SAME.items(), ids=str)
def test_superset_counts_the_same(facts: str, engine: MetricFlowEngine, theirs: tuple[str, str], ours: str) -> None:
    mart, name = theirs
    (dataset,) = [dataset for dataset in assets("datasets").values() if dataset["table_name"] == mart]
    (expression,) = [metric["expression"] for metric in dataset["metrics"] if metric["metric_name"] == name]
    with psycopg.connect(facts) as connection:
        row = connection.execute(f"select {expression} from marts.{mart}").fetchone()
    assert row is not None
    ((answered,),) = asked(facts, engine, ours)
    assert float(answered) == pytest.approx(float(row[0]))


@pytest.mark.usefixtures("environment")
def test_the_command_prints_an_answer_or_the_query(
    facts: str, engine: MetricFlowEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANYU_WAREHOUSE_URL", facts)
    monkeypatch.setattr(metrics, "engine", lambda *_: engine)
    command = ["bi", "ask", "average_order_value_yuan", "orders", "--by", "metric_time__month", "--order"]
    said = CliRunner().invoke(app, [*command, "-orders"], env={"COLUMNS": "120"})
    assert said.exit_code == 0, said.output
    assert [line.split()[1::2] for line in said.output.splitlines() if "2026" in line] == [
        ["2026-11-01", "175.005", "2"],
        ["2026-10-01", "100", "1"],
    ]
    query = CliRunner().invoke(app, [*command, "orders", "--sql"])
    assert "FROM" in query.output
    assert '"marts"."fct_orders"' in query.output
    assert CliRunner().invoke(app, ["bi", "ask", "nothing"]).exit_code == 2
