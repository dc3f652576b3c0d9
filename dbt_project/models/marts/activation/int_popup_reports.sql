-- Grain: one popup that the app reported, with when it was first shown and first clicked. What was clicked was shown.
select
    popup_id,
    min(occurred_at) as shown_at,
    min(case when event_name = 'popup_clicked' then occurred_at end) as clicked_at
from {{ ref('stg_tracking__events') }}
where
    popup_id is not null
    and event_name in ('popup_shown', 'popup_clicked')
group by popup_id
