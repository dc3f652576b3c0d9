-- The night's own books: what was read, believed, built, checked and published. Keys and counts, never values.
create schema if not exists ops;

create table if not exists ops.source_night (
    business_date date not null,
    source text not null,
    status text not null check (status in ('running', 'complete', 'stale', 'failed')),
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    error text not null default '',
    sealed_at timestamptz,
    primary key (business_date, source)
);

create table if not exists ops.entity_load (
    load_id bigint generated always as identity primary key,
    business_date date not null,
    source text not null,
    entity text not null,
    account text not null default '',
    mode text not null default '',
    status text not null check (status in ('reading', 'landed', 'admitted', 'rejected', 'failed')),
    window_start timestamptz not null,
    window_end timestamptz not null,
    rows_read bigint not null default 0,
    rows_landed bigint not null default 0,
    rows_new bigint not null default 0,
    rows_deleted bigint not null default 0,
    rows_quarantined bigint not null default 0,
    new_fields text[] not null default '{}',
    error_class text not null default '',
    error text not null default '',
    remedy text not null default '',
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index if not exists entity_load_by_day on ops.entity_load (business_date, source, entity);

create table if not exists ops.quarantine (
    load_id bigint not null references ops.entity_load,
    record_key text not null,
    reason text not null
);

-- The loads that the last build of staging saw, and of them those that the marts rest on: a delta of the marts looks at
-- the records of the others.
create table if not exists ops.staged_load (load_id bigint primary key);
create table if not exists ops.marts_load (load_id bigint primary key);
create table if not exists ops.marts_build (
    policy text not null,
    business_date date not null,
    models text[] not null,
    is_finished boolean not null
);

-- A raw row that is deleted (somebody is erased, an account is wound up) leaves no load behind by which a delta could
-- see it: the next marts are built anew.
create or replace function ops.forget_marts_build() returns trigger
language plpgsql security definer set search_path = pg_catalog
as $$
begin
    update ops.marts_build set is_finished = false;
    return null;
end
$$;

create table if not exists ops.dbt_result (
    business_date date not null,
    layer text not null,
    node text not null,
    resource_type text not null,
    status text not null,
    seconds double precision not null,
    rows_affected bigint,
    message text not null default '',
    run_at timestamptz not null default clock_timestamp(),
    primary key (business_date, layer, node)
);

create table if not exists ops.gate_result (
    business_date date not null,
    gate text not null,
    relation text not null,
    expectation text not null,
    column_name text not null default '',
    severity text not null check (severity in ('fail', 'warn')),
    is_met boolean not null,
    unexpected_count bigint,
    element_count bigint,
    reason text not null,
    checked_at timestamptz not null default clock_timestamp()
);
create index if not exists gate_result_by_day on ops.gate_result (business_date, gate);

create table if not exists ops.publication (
    business_date date primary key,
    rows_changed jsonb not null,
    published_at timestamptz not null default clock_timestamp()
);

create table if not exists ops.segment (
    segment text primary key,
    meta jsonb not null,
    defined_at timestamptz not null default clock_timestamp()
);

-- Blocked values of the identity policy that land as tokens, filled from the seed before each identity build.
create table if not exists ops.blocked_token (
    identifier_type text not null,
    token text primary key,
    reason text not null
);

-- The last identity build: a delta continues it only if it finished, under the same policy.
create table if not exists ops.identity_build (
    is_the_last boolean primary key default true check (is_the_last),
    policy text not null,
    is_finished boolean not null
);
