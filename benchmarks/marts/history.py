"""Raw rows of a brand with a shop on Tmall and a mini program, written by the server itself, and who is who in them.

Persons buy and come back by a skewed law (`floor(persons * u ** 2)`), so that a few have hundreds of touchpoints.
Moments are spread over a year that ends with the last night. Everything follows from the number of a row and a salt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quanyu import warehouse

LAST = date(2026, 11, 20)
"""Business date of the history; nights follow on it."""

HELPERS = """
    create schema if not exists bench;
    create or replace function bench.u(number bigint, salt bigint) returns double precision
        language sql immutable parallel safe
        return (hashint8extended(number, salt) & 4503599627370495) / 4503599627370496.0;
    create or replace function bench.pick(number bigint, salt bigint, variadic among text[]) returns text
        language sql immutable parallel safe
        return among[1 + floor(cardinality(among) * bench.u(number, salt))::int];
"""

_LOAD = """insert into ops.entity_load (business_date, source, entity, status, window_start, window_end)
    values (%s, 'bench', 'bench', 'admitted', %s, %s) returning load_id"""

# A year of moments; of a night nineteen rows in twenty are of its day, the others are late by up to a year.
_MOMENT = """(%(night)s::date + time '00:00' - case
        when %(is_night)s and bench.u(i, {salt}) < 0.95 then interval '0'
        else 364 * bench.u(i, {salt} + 1) * interval '1 day'
    end + bench.u(i, {salt} + 2) * interval '86399 seconds')"""

_TRADES = f"""
    insert into raw.tmall__trades (
        account, record_key, version, payload, is_deleted, landed_on, load_id, extracted_at
    )
    select 'shop-1', i::text, '1', json_build_object(
        'tid', i, 'buyer_open_uid', 'b' || person, 'status', 'TRADE_FINISHED', 'type', 'fixed',
        'payment', fen / 100.0, 'post_fee', '0.00', 'receiver_state', bench.pick(i, 5, '浙江省', '广东省', '湖北省'),
        'created', to_char(moment, 'YYYY-MM-DD HH24:MI:SS'), 'pay_time', to_char(moment, 'YYYY-MM-DD HH24:MI:SS'),
        'modified', to_char(moment, 'YYYY-MM-DD HH24:MI:SS'),
        'orders', json_build_object('order', json_build_array(json_build_object(
            'oid', i, 'sku_id', 'k' || article, 'outer_sku_id', 'QY-' || article, 'title', 'Article ' || article,
            'num', 1, 'divide_order_fee', fen / 100.0, 'refund_status', 'NO_REFUND')))
    ), false, %(night)s, %(load)s, %(night)s
    from (
        select i, floor(%(persons)s * bench.u(i, 1) ^ 2)::bigint as person,
            1000 + floor(50000 * bench.u(i, 2))::int as fen,
            floor(200 * bench.u(i, 3) ^ 2)::int as article, {_MOMENT.format(salt=10)} as moment
        from generate_series(%(first)s::bigint, %(last)s::bigint) as i
    ) as trades
"""

# Four events make a session, so its moment and its visitor follow from the number of the session.
_EVENTS = f"""
    insert into raw.tracking__events (
        account, record_key, version, payload, is_deleted, landed_on, load_id, extracted_at
    )
    select 'quanyu', event::text, '1', json_build_object(
        'event_id', event::text, 'appid', 'wx-1', 'platform', 'mini_program', 'openid', 'o' || person,
        'device_id', 'd' || person, 'session_id', 's' || i, 'sku', 'QY-' || floor(200 * bench.u(event, 25) ^ 2)::int,
        'event', bench.pick(event, 26, 'page_view', 'page_view', 'page_view', 'product_view', 'product_view',
            'search', 'add_to_cart', 'share'),
        'page', 'pages/' || bench.pick(event, 27, 'home', 'product', 'cart', 'activity'),
        'utm_campaign', 'c' || floor(40 * bench.u(i, 28) ^ 3)::int,
        'occurred_at', to_char(moment + (event %% 4) * interval '40 seconds', 'YYYY-MM-DD"T"HH24:MI:SS') || '+08:00'
    ), false, %(night)s, %(load)s, %(night)s
    from (
        select i, floor(%(persons)s * bench.u(i, 21) ^ 2)::bigint as person, {_MOMENT.format(salt=30)} as moment
        from generate_series(%(first)s::bigint / 4, %(last)s::bigint / 4 - 1) as i
    ) as sessions
    cross join lateral generate_series(i * 4, i * 4 + 3) as event
"""

# What identity would have found: the buyer and the user of the mini program are one. Keys are macros/hash_key.sql's.
_KEY = "left(encode(sha256(convert_to({}, 'UTF8')), 'hex'), 32)"
_PEOPLE = f"""
    with people as (
        select i, 'q' || left(md5(i::text), 31) as one_id from generate_series(%(first)s::bigint, %(last)s::bigint) as i
    ),
    accounts as (
        select one_id, 'tmall' as source, 'tmall_buyer' as account_type, 'shop-1' as scope, 'b' || i as account_id,
            {_KEY.format("'tmall_buyer|shop-1|b' || i")} as account_key
        from people
        union all
        select one_id, 'tracking', 'mini_program_user', 'wx-1', 'o' || i,
            {_KEY.format("'mini_program_user|wx-1|o' || i")}
        from people
    ),
    bridged as (
        insert into identity.bridge_account_customer (account_key, account_type, scope, account_id, one_id)
        select account_key, account_type, scope, account_id, one_id from accounts
    ),
    connected as (
        insert into identity.int_identity__components (account_key, one_id) select account_key, one_id from accounts
    )
    insert into identity.int_identity__accounts
        (source, account_key, account_type, scope, account_id, first_seen_at, landed_on, known_since)
    select source, account_key, account_type, scope, account_id, %(night)s, %(night)s, %(night)s from accounts
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are, from the beginning."""

    persons: int
    orders: int
    touchpoints: int

    def plus(self, night: Size) -> Size:
        """The size after a night."""
        return Size(self.persons + night.persons, self.orders + night.orders, self.touchpoints + night.touchpoints)

    def percent(self) -> Size:
        """A night of one per cent of it; touchpoints in whole sessions of four."""
        return Size(self.persons // 100, self.orders // 100, self.touchpoints // 400 * 4)


NOTHING = Size(0, 0, 0)


def write(connection: warehouse.Connection, night: date, before: Size, after: Size) -> None:
    """Land what makes a history of one size one of another, in one load."""
    row = connection.execute(_LOAD, [night, night, night]).fetchone()
    assert row is not None  # noqa: S101  # `returning` returns
    common = {"night": night, "is_night": before != NOTHING, "load": row[0], "persons": after.persons}
    for statement, first, last in (
        (_TRADES, before.orders, after.orders - 1),
        (_EVENTS, before.touchpoints, after.touchpoints),
        (_PEOPLE, before.persons, after.persons - 1),
    ):
        connection.execute(statement, common | {"first": first, "last": last})
