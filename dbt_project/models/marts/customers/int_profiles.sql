-- Grain: one person, as their accounts, cards and identifiers speak of them; what the next build compares with.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}

select
    one_id,
    {{ profile_columns() | join(',\n    ') }}
from {{ ref('int_profiles_tonight') }}
{{ where_changed('one_id', ref('int_changed__customers')) }}
