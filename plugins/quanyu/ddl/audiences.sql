-- Lists at platforms that mirror a segment: what the platform acknowledged, what is on its way, what it refused.
-- Addresses are vault tokens or platform ids, never phone numbers and never plain hashes of them.
create schema if not exists activation;

-- Grain: list. `list_id` is the platform's; `making_since` when a call left that makes the list and was never answered.
create table if not exists activation.audience_list (
    audience text not null,
    segment text not null,
    list_id text not null default '',
    making_since timestamptz,
    primary key (audience, segment)
);

-- Grain: address that is or should be in a list; per member of staff where the platform keeps lists per relation.
-- wanted: not handed over yet. adding: a call left, its outcome is open. present: acknowledged. removing: must go, and
-- may still be there. refused: not taken. Whoever is out has no row.
-- `ticket` is the platform's id of a file under way. `sealed` is the phone under the vault key, for as long as the
-- platform may have it: a person can be erased here first, and must still be taken out there.
create table if not exists activation.audience_member (
    audience text not null,
    segment text not null,
    address text not null,
    sender text not null default '',
    one_id text not null,
    account_key text not null default '',
    state text not null check (state in ('wanted', 'adding', 'present', 'removing', 'refused')),
    is_owed boolean not null default false,
    ticket text not null default '',
    code text not null default '',
    refusals int not null default 0,
    not_before date,
    sealed bytea,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (audience, segment, address, sender),
    constraint member_address_is_not_a_phone check (address !~ '^[+]?[0-9]{11,15}$')
);
create index if not exists audience_member_to_do on activation.audience_member (audience, segment, address, sender)
where state <> 'present';
create index if not exists audience_member_under_way on activation.audience_member (audience, segment, ticket)
where ticket <> '';

-- Grain: list and night that waits for a person.
create table if not exists activation.audience_hold (
    business_date date not null,
    audience text not null,
    segment text not null,
    reason text not null,
    held_at timestamptz not null default clock_timestamp(),
    released_at timestamptz,
    released_by text not null default '',
    primary key (business_date, audience, segment)
);

-- Grain: list and night, as the last run left it. The people of the segment sum up; `leaving` are addresses beyond them
-- that the platform may still have.
create table if not exists activation.audience_night (
    business_date date not null,
    audience text not null,
    segment text not null,
    people bigint not null,
    mirrored bigint not null,
    holdout bigint not null,
    unreachable bigint not null,
    no_consent bigint not null,
    refused bigint not null,
    waiting bigint not null,
    leaving bigint not null,
    note text not null default '',
    counted_at timestamptz not null default clock_timestamp(),
    primary key (business_date, audience, segment)
);
