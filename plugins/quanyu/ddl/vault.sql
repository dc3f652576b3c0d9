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
