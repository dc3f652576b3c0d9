-- The send ledger: who was meant to get what, why or why not, and what became of it. Addresses are tokens or
-- platform ids, never phone numbers. A state changes only along the arrows of `check_transition`.
create schema if not exists activation;

-- Grain: segment and night. `definition` is the segment's meta as it stood when it was planned.
create table if not exists activation.plan (
    business_date date not null,
    segment text not null,
    act_version int not null,
    audience bigint not null,
    definition jsonb not null,
    planned_at timestamptz not null default clock_timestamp(),
    primary key (business_date, segment)
);

-- Grain: person, segment and night. One reason each; `message` means that the ledger says the rest.
create table if not exists activation.decision (
    business_date date not null,
    segment text not null,
    one_id text not null,
    outcome text not null check (
        outcome in ('message', 'holdout', 'out_of_stock', 'unreachable', 'no_consent', 'capped', 'duplicate')
    ),
    channel text not null default '',
    detail text not null default '',
    primary key (business_date, segment, one_id)
);
-- One constraint and one index: a night writes a row for each member of each segment, millions of them, all of them by
-- the planner, which wrote the plan's row before. Who looks for a person goes through the nights of `activation.plan`.
alter table activation.decision drop constraint if exists decision_business_date_segment_fkey;
drop index if exists activation.decision_by_person;

-- Grain: segment and night whose messages wait for a person.
create table if not exists activation.hold (
    business_date date not null,
    segment text not null,
    reason text not null,
    held_at timestamptz not null default clock_timestamp(),
    released_at timestamptz,
    released_by text not null default '',
    primary key (business_date, segment)
);

-- Grain: message. `key` is the business act itself, see `quanyu.activation.keys`.
create table if not exists activation.message (
    key text primary key,
    business_date date not null,
    segment text not null,
    act_version int not null,
    one_id text not null,
    channel text not null,
    address text not null,
    sender text not null default '',
    purpose text not null,
    template text not null,
    params jsonb not null default '{}',
    state text not null default 'pending',
    reason text not null default '',
    code text not null default '',
    attempt int not null default 0,
    batch_key text not null default '',
    batch_at timestamptz,
    lease_until timestamptz,
    not_before timestamptz,
    sent_on date,
    provider_id text not null default '',
    changed_at timestamptz not null default clock_timestamp(),
    constraint message_address_is_not_a_phone check (address !~ '^[+]?[0-9]{11,15}$')
);
alter table activation.message alter column state set default 'pending';
-- The account the address was of. A message counts for whoever that account is today, and `one_id` says who it was.
alter table activation.message add column if not exists account_key text not null default '';
-- The key of the batch that its provider issued, where it issues its own; '' until it was asked for.
alter table activation.message add column if not exists provider_key text not null default '';
create index if not exists message_to_send on activation.message (business_date, channel, segment, sender, key)
where state = 'pending';
create unique index if not exists message_once_a_night on activation.message (business_date, one_id, segment);
alter table activation.message drop constraint if exists message_business_date_segment_one_id_key;
drop index if exists activation.message_by_person;
-- Of what a sender has not claimed yet: each claim and each outcome would write a long entry anew.
create index if not exists message_waiting_by_address on activation.message (business_date, channel, address)
where state in ('pending', 'held');
drop index if exists activation.message_by_address;
create index if not exists message_under_way on activation.message (channel, state)
where state in ('sending', 'parked', 'sent');
create index if not exists message_in_batch on activation.message (batch_key) where state in ('sending', 'parked');
drop index if exists activation.message_by_batch;

create or replace function activation.check_transition() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'message % was claimed and cannot be forgotten', old.key using errcode = 'check_violation';
    end if;
    if tg_op = 'INSERT' then
        raise exception 'message % must begin as pending or held, not %', new.key, new.state
            using errcode = 'check_violation';
    end if;
    if (old.state || '>' || new.state) <> all (array[
        'held>pending', 'held>deferred',
        'pending>sending', 'pending>deferred', 'pending>suppressed',
        'deferred>pending', 'deferred>suppressed',
        'sending>sent', 'sending>failed_final', 'sending>pending', 'sending>parked',
        'parked>sent', 'parked>failed_final', 'parked>pending',
        'sent>delivered', 'sent>failed_final', 'sent>expired'
    ]) then
        raise exception 'message %: % cannot become %', old.key, old.state, new.state
            using errcode = 'check_violation';
    end if;
    new.changed_at := clock_timestamp();
    return new;
end
$$;

create or replace trigger message_begins before insert on activation.message
for each row when (new.state not in ('pending', 'held')) execute function activation.check_transition();
create or replace trigger message_is_forgotten before delete on activation.message
for each row when (old.attempt > 0) execute function activation.check_transition();
create or replace trigger message_moves before update of state on activation.message
for each row when (old.state is distinct from new.state) execute function activation.check_transition();

-- Grain: what a provider said of a message, once each; kept also when it comes before our own outcome.
create table if not exists activation.receipt (
    key text not null references activation.message,
    verdict text not null,
    code text not null default '',
    provider_id text not null default '',
    reported_at timestamptz,
    heard_at timestamptz not null default clock_timestamp(),
    primary key (key, verdict, code)
);

alter table activation.receipt drop constraint if exists receipt_verdict_check,
add constraint receipt_verdict_check check (verdict in ('delivered', 'failed', 'expired', 'read', 'clicked')) not valid;

-- Grain: address that asked to be left alone. Never deleted.
create table if not exists activation.opt_out (
    channel text not null,
    address text not null,
    said text not null,
    heard_at timestamptz not null,
    primary key (channel, address)
);

-- Grain: channel whose replies are read up to `cursor`.
create table if not exists activation.reply_cursor (
    channel text primary key,
    cursor text not null
);

-- Grain: channel that named a time before which it wants no call; `infinity`: none before a person says so.
create table if not exists activation.pause (
    channel text primary key,
    until timestamptz not null,
    reason text not null
);

-- Grain: unbroken stay of a One-ID in a segment; `exited_on` is the first night without them. Whoever goes on under
-- another One-ID did not leave and enter: the reason is `merged` or `split`, beside it the other One-ID.
create table if not exists activation.segment_membership (
    segment text not null,
    one_id text not null,
    entered_on date not null,
    exited_on date check (exited_on > entered_on),
    primary key (segment, one_id, entered_on)
);
alter table activation.segment_membership
add column if not exists entered_because text not null default 'joined'
check (entered_because in ('joined', 'merged', 'split')),
add column if not exists entered_from text,
add column if not exists exited_because text check (exited_because in ('left', 'merged', 'split')),
add column if not exists exited_to text;
-- The primary key finds whoever it found; every entry had to be written into both.
drop index if exists activation.segment_membership_open;

-- Grain: segment and person who is no evidence in its holdout test, because two of its arms turned out to be one
-- person. Never taken back: whoever was once treated as somebody else stays so after a split.
create table if not exists activation.contamination (
    segment text not null,
    one_id text not null,
    other_one_id text not null,
    contaminated_on date not null,
    primary key (segment, one_id)
);

-- Grain: segment and night whose membership is known. Merged and split stays are neither entered nor exited.
create table if not exists activation.segment_night (
    segment text not null,
    business_date date not null,
    members bigint not null,
    entered bigint not null,
    exited bigint not null,
    primary key (segment, business_date)
);
