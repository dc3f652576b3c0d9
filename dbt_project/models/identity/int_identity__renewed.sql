-- Grain: one row per identifier of an account that shows something else tonight than at the last build.
-- What is judged of an identifier by the company its accounts keep has to be judged again for these only.
-- Empty when everything is built anew.

with differences as (
    select * from {{ ref('int_identity__differences') }}
),

observations as (
    select * from {{ ref('int_identity__observations') }}
),

changed_accounts as (
    select distinct account_key
    from differences
),

renewed as (
    select identifier_key from differences
    union
    select observations.identifier_key
    from observations
    inner join changed_accounts on observations.account_key = changed_accounts.account_key
    {% if is_delta() %}
        union
        select last_screened.identifier_key
        from {{ last_build('int_identity__screened') }} as last_screened
        inner join changed_accounts on last_screened.account_key = changed_accounts.account_key
    {% endif %}
)

select * from renewed
