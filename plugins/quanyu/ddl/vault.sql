-- Personal data: token -> AES-GCM ciphertext. The key is never in the database.
create schema if not exists vault;

create table if not exists vault.secret (
    token text primary key,
    kind text not null,
    ciphertext bytea not null
);

-- The token of a hash of a phone, plain or salted -> the token of the phone itself.
create table if not exists vault.alias (
    alias_token text primary key,
    token text not null
);
create index if not exists alias_by_token on vault.alias (token);

-- How far the phones that landed before a way of hashing was known have been given their aliases of it. The digest is a
-- keyed hash of algorithm and salt; complete: every phone of the vault has its alias.
create table if not exists vault.alias_progress (
    digest text primary key,
    reached text not null default '',
    is_complete boolean not null default false
);

-- The token pairs that platforms last handed out, under the vault key. `seed` names the pair of the connection that it
-- descends from: after a new authorisation the row no longer counts.
create table if not exists vault.platform_grant (
    source text not null,
    account text not null,
    seed text not null,
    sealed bytea not null,
    renewed_at timestamptz not null default clock_timestamp(),
    primary key (source, account)
);

-- Ciphertexts are for who stores, sends and erases; models see nothing but which tokens are one phone.
do $$
declare
    wanted record;
begin
    for wanted in
        select * from (values
            ('quanyu_loader', 'grant usage on schema vault to %I'),
            ('quanyu_loader', 'grant select, insert on all tables in schema vault to %I'),
            ('quanyu_loader', 'grant update, delete on vault.alias_progress to %I'),
            ('quanyu_loader', 'grant update on vault.platform_grant to %I'),
            ('quanyu_builder', 'grant usage on schema vault to %I'),
            ('quanyu_builder', 'grant select on vault.alias to %I'),
            ('quanyu_sender', 'grant usage on schema vault to %I'),
            ('quanyu_sender', 'grant select on vault.secret to %I'),
            ('quanyu_sender', 'grant select, insert, update on vault.platform_grant to %I'),
            ('quanyu_steward', 'grant usage on schema vault to %I'),
            ('quanyu_steward', 'grant select, delete on all tables in schema vault to %I')
        ) as given (role, statement)
    loop
        if exists (select from pg_roles where rolname = wanted.role) then
            execute format(wanted.statement, wanted.role);
        end if;
    end loop;
end $$;
