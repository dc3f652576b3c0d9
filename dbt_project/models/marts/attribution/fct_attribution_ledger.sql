-- Grain: one entry of one night: by how much the credits of a day, channel, campaign and model differ from what was
-- booked. Only ever added to; a night that is built again books its own entries again. Unlike other marts it remembers
-- how the nights came, so a rebuild continues it; its sums are the credits, however it grew.
{{ config(
    materialized='incremental',
    on_schema_change='append_new_columns',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where booked_on >= {{ business_date() }}{% endif %}",
) }}
with

credits as (select * from {{ ref('int_attribution__daily') }}),

entries as (
    select
        credited_on,
        channel,
        campaign_key,
        model,
        credit_fen as amount_fen
    from credits
    {% if is_incremental() %}
        union all
        select
            credited_on,
            channel,
            campaign_key,
            model,
            -amount_fen as amount_fen
        from {{ this }}
        where booked_on < {{ business_date() }}
    {% endif %}
),

fct_attribution_ledger as (
    select
        {{ business_date() }} as booked_on,
        credited_on,
        channel,
        campaign_key,
        model,
        credited_on < {{ business_date() }} as is_restatement,
        cast(sum(amount_fen) as bigint) as amount_fen
    from entries
    group by credited_on, channel, campaign_key, model
    having sum(amount_fen) <> 0
)

select * from fct_attribution_ledger
