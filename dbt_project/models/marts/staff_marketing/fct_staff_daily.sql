-- Grain: one day, selling channel, member of staff ('' is nobody) and role.
{{ config(materialized='tally', key=['credited_on', 'channel', 'staff_code', 'staff_role'], count='orders_count') }}

select
    ordered_on as credited_on,
    channel,
    staff_code,
    staff_role,
    cast(sum(sign) as bigint) as orders_count,
    cast(sum(sign * credit_fen) as bigint) as credit_fen
from {{ changes_of(ref('fct_staff_credits')) }} as credits
group by ordered_on, channel, staff_code, staff_role
