-- Who may do what. People and tools log in as users of their own and are made members of these roles.
create schema if not exists landing;
create schema if not exists raw;
create schema if not exists marts;
create schema if not exists segments;

do $$
declare
    wanted text;
begin
    foreach wanted in array array[
        'quanyu_loader', 'quanyu_builder', 'quanyu_bi', 'quanyu_sender', 'quanyu_steward'
    ] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                -- Roles belong to the server: another database may be migrating at this moment.
                when duplicate_object or unique_violation then null;
                -- Then an administrator makes them; `publish` says so every night until it is done.
                when insufficient_privilege then raise warning 'role % is missing', wanted;
            end;
        end if;
    end loop;
end $$;

-- Tables of landing, raw, marts and segments are made later, by this user: new ones are granted as they appear.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('quanyu_loader', 'grant usage, create on schema landing, raw to %I'),
            ('quanyu_loader', 'grant usage on schema ops to %I'),
            ('quanyu_loader', 'grant select, insert, update, delete on all tables in schema ops to %I'),
            ('quanyu_loader', 'alter default privileges in schema landing grant all on tables to %I'),
            ('quanyu_loader', 'alter default privileges in schema raw grant all on tables to %I'),
            ('quanyu_builder', 'grant usage on schema raw, ops to %I'),
            ('quanyu_builder', 'grant select, insert, update, delete on all tables in schema ops to %I'),
            ('quanyu_builder', 'alter default privileges in schema raw grant select on tables to %I'),
            ('quanyu_builder', 'grant usage on schema activation to %I'),
            ('quanyu_builder',
             'grant select on activation.message, activation.receipt, activation.opt_out, activation.decision,'
             ' activation.contamination, activation.segment_membership to %I'),
            ('quanyu_bi', 'grant usage on schema marts to %I'),
            ('quanyu_bi', 'alter default privileges in schema marts grant select on tables to %I'),
            ('quanyu_sender', 'grant usage on schema marts, segments, ops to %I'),
            ('quanyu_sender', 'grant select on all tables in schema ops to %I'),
            ('quanyu_sender', 'grant usage on schema activation to %I'),
            ('quanyu_sender', 'grant select, insert on all tables in schema activation to %I'),
            -- What people said, what was proven and what was counted out stays as it was written, and a hold is lifted
            -- by a person.
            ('quanyu_sender',
             'grant update on activation.plan, activation.message, activation.pause, activation.reply_cursor,'
             ' activation.segment_membership, activation.segment_night, activation.audience_list,'
             ' activation.audience_member, activation.audience_night to %I'),
            ('quanyu_sender',
             'grant delete on activation.plan, activation.decision, activation.message, activation.hold,'
             ' activation.segment_membership, activation.audience_member, activation.audience_hold to %I'),
            -- A list that has just grown is counted before it is read in batches.
            ('quanyu_sender', 'grant maintain on activation.audience_member to %I'),
            ('quanyu_sender', 'alter default privileges in schema marts grant select on tables to %I'),
            ('quanyu_sender', 'alter default privileges in schema segments grant select on tables to %I'),
            ('quanyu_steward', 'grant usage on schema marts, ops to %I'),
            ('quanyu_steward', 'grant select on all tables in schema ops to %I'),
            ('quanyu_steward', 'alter default privileges in schema marts grant select on tables to %I')
        ) as given (role, statement)
    loop
        if exists (select from pg_roles where rolname = wanted.role) then
            execute format(wanted.statement, wanted.role);
        end if;
    end loop;
end $$;
