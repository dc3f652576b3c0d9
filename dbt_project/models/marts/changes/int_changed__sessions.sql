-- Grain: one session of which an event changed since the marts were last built. Empty when they are built anew.
select distinct session_key
from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
where
    session_key is not null
    and {{ is_delta() }}
