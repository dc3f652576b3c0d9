with

known as (
    select store_code from {{ ref('stg_store__stores') }}
    union
    select store_code from {{ ref('stg_store_db__branches') }}
)

select coalesce(known.store_code, stores.store_code) as store_code
from known
full outer join {{ ref('dim_stores') }} as stores on known.store_code = stores.store_code
where
    known.store_code is null
    or stores.store_code is null
