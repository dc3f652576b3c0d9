-- Personal values reach staging as tokens only (two letters and an underscore, then the hash).

with personal_values as (
    select
        'stg_store__receipt_lines' as staging_model,
        phone_token as written
    from {{ ref('stg_store__receipt_lines') }}
    union all
    select
        'stg_store__members' as staging_model,
        phone_token as written
    from {{ ref('stg_store__members') }}
    union all
    select
        'stg_store__members' as staging_model,
        name_token as written
    from {{ ref('stg_store__members') }}
    union all
    select
        'stg_store__visits' as staging_model,
        phone_hash_token as written
    from {{ ref('stg_store__visits') }}
    union all
    select
        'stg_wecom__contacts' as staging_model,
        name_token as written
    from {{ ref('stg_wecom__contacts') }}
    union all
    select
        'stg_wecom__contact_phones' as staging_model,
        phone_token as written
    from {{ ref('stg_wecom__contact_phones') }}
)

-- The value itself is not selected: what fails here must not stand in a log.
select staging_model
from personal_values
where written not like '__!_%' escape '!'
