-- What people decided about identity. It is input, like raw: identity is rebuilt from both, and no build writes here.
create table if not exists ops.identity_decision (
    decision_id text primary key,
    decision text not null check (decision in ('same', 'never_same', 'split', 'quarantine', 'trust')),
    -- Of quarantine and trust only: the identifier they speak of, as it lands (a phone is its token).
    identifier_type text,
    identifier_scope text,
    identifier_value text,
    decided_by text not null check (decided_by <> ''),
    reason text not null check (reason <> ''),
    decided_at timestamptz not null default clock_timestamp(),
    -- The first business date whose build sees it, and the first that sees it no more.
    effective_on date not null,
    revoked_on date check (revoked_on >= effective_on),
    revoked_by text,
    check ((decision in ('quarantine', 'trust')) = (identifier_type is not null)),
    check ((identifier_type is null) = (identifier_value is null)),
    check ((identifier_type is null) = (identifier_scope is null)),
    check ((revoked_on is null) = (revoked_by is null))
);

-- same and never_same: one account on each side; split: everybody of the person, each on the side they belong to.
create table if not exists ops.identity_decision_account (
    decision_id text not null references ops.identity_decision,
    side text not null check (side in ('left', 'right')),
    account_type text not null,
    scope text not null,
    account_id text not null,
    primary key (decision_id, account_type, scope, account_id)
);
