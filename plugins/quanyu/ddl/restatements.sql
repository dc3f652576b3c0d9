-- Why a figure that was published is another one today. Written by publish in the transaction that shows the new
-- figure; see docs/marts.md. Keys, figures and One-IDs; never a name, an address or an identifier's value.
-- Grain: figure and cause of one publication. The rows of one figure add up: the first begins with what was shown.
create table if not exists ops.restatement (
    restatement_id bigint generated always as identity primary key,
    business_date date not null,
    previous_date date not null,
    mart text not null,
    key text not null,
    figure text not null,
    value_before text,
    value_after text,
    cause text not null check (
        cause in (
            'merged', 'split', 'created_by_split', 'moved', 'identified', 'refused',
            'late_evidence', 'later_order', 'refund', 'corrected', 'policy'
        )
    ),
    one_id text,
    other_one_id text,
    happened_on date,
    identifier_type text,
    decision_id text,
    detail text,
    check (value_before is distinct from value_after)
);
create index if not exists restatement_by_key on ops.restatement (mart, key);
create index if not exists restatement_by_night on ops.restatement (business_date, cause);

create or replace function ops.keep_restatements() returns trigger language plpgsql as $$
begin
    raise exception 'restatements are only ever added' using errcode = 'check_violation';
end
$$;

create or replace trigger restatements_stay before update or delete on ops.restatement
for each statement execute function ops.keep_restatements();

-- What BI reads; the nights' own books are closed to it.
create schema if not exists marts;
create or replace view marts.restatements as select * from ops.restatement;
