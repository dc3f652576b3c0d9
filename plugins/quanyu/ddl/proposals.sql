-- What names and addresses suggest about who is who: pairs of accounts and a probability, never a value.
create table if not exists ops.identity_proposal_run (
    proposed_on date primary key,
    -- Fingerprint of the trained parameters.
    model text not null,
    members bigint not null,
    contacts bigint not null,
    proposed_at timestamptz not null default clock_timestamp()
);

-- The newest run on or before a business date is what that date believes; a pair it does not name is withdrawn.
create table if not exists ops.identity_proposal (
    proposed_on date not null references ops.identity_proposal_run on delete cascade,
    left_account_type text not null,
    left_scope text not null,
    left_account_id text not null,
    right_account_type text not null,
    right_scope text not null,
    right_account_id text not null,
    probability double precision not null check (probability > 0 and probability <= 1),
    model text not null,
    primary key (
        proposed_on,
        left_account_type, left_scope, left_account_id,
        right_account_type, right_scope, right_account_id
    )
);
