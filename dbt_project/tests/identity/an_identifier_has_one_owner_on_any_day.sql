-- The spells of an identifier do not overlap.

with spells as (
    select
        *,
        lead(valid_from) over (
            partition by identifier_type, identifier_scope, identifier_value order by valid_from
        ) as next_from
    from {{ ref('bridge_identifier_customer') }}
)

select
    identifier_type,
    identifier_scope,
    valid_from
from spells
where next_from is not null and (valid_to is null or valid_to > next_from)
