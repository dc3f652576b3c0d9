-- The desk is for stewards and for the owner of the pipeline. A decision is added and revoked; nobody rewrites one.
-- dbt makes the tables of `policy` later, by this user.
create schema if not exists policy;

do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('quanyu_loader', 'revoke insert, update, delete on ops.identity_decision, ops.identity_decision_account from %I'),
            ('quanyu_builder', 'revoke insert, update, delete on ops.identity_decision, ops.identity_decision_account from %I'),
            ('quanyu_builder', 'grant select on ops.identity_decision, ops.identity_decision_account to %I'),
            ('quanyu_steward', 'grant select, insert on ops.identity_decision, ops.identity_decision_account to %I'),
            ('quanyu_steward', 'grant update (revoked_on, revoked_by) on ops.identity_decision to %I'),
            ('quanyu_steward', 'grant usage on schema policy to %I'),
            ('quanyu_steward', 'grant select on all tables in schema policy to %I'),
            ('quanyu_steward', 'alter default privileges in schema policy grant select on tables to %I')
        ) as given (role, statement)
    loop
        if exists (select from pg_roles where rolname = wanted.role) then
            execute format(wanted.statement, wanted.role);
        end if;
    end loop;
end $$;
