-- Personal data: token -> AES-GCM ciphertext. The key is never in the database.
create schema if not exists vault;

create table if not exists vault.secret (
    token text primary key,
    kind text not null,
    ciphertext bytea not null
);

-- The token of a plain hash of a phone -> the token of the phone itself.
create table if not exists vault.alias (
    alias_token text primary key,
    token text not null
);
create index if not exists alias_by_token on vault.alias (token);

-- Ciphertexts are for who stores, sends and erases; models see nothing but which tokens are one phone.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('quanyu_loader', 'grant usage on schema vault to %I'),
            ('quanyu_loader', 'grant select, insert on all tables in schema vault to %I'),
            ('quanyu_builder', 'grant usage on schema vault to %I'),
            ('quanyu_builder', 'grant select on vault.alias to %I'),
            ('quanyu_sender', 'grant usage on schema vault to %I'),
            ('quanyu_sender', 'grant select on vault.secret to %I'),
            ('quanyu_steward', 'grant usage on schema vault to %I'),
            ('quanyu_steward', 'grant select, delete on all tables in schema vault to %I')
        ) as given (role, statement)
    loop
        if exists (select from pg_roles where rolname = wanted.role) then
            execute format(wanted.statement, wanted.role);
        end if;
    end loop;
end $$;
