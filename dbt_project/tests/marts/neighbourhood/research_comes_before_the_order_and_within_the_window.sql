select research.order_key
from {{ ref('fct_store_research') }} as research
inner join {{ ref('fct_orders') }} as orders on research.order_key = orders.order_key
where
    (research.research_channel = 'none') <> (research.researched_at is null)
    or (research.research_channel = 'none') <> (research.research_acts = 0)
    or research.research_channel in {{ sql_list(var('neighbourhood_places')) }}
    or orders.ordered_at <= research.researched_at
    or research.researched_at + interval '{{ var("neighbourhood_research_days") }} days' < orders.ordered_at
