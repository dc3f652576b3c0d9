-- Grain: one taste and one of the articles that those who have it are offered tonight, by rank.
with

tastes as (select * from {{ ref('int_tastes') }}),

scores as (
    select * from {{ ref('mart_product_scores') }}
    where is_offered
),

pairs as (
    select * from {{ ref('fct_product_pairs') }}
    where is_used
),

liked as (
    {% for place in range(1, var('selection_categories') + 1) %}
        select
            taste_key,
            category_{{ place }} as category,
            steps_{{ place }} as steps
        from tastes
        where category_{{ place }} <> ''
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The first of all are among the first of their category, so no more of it need be looked at.
by_category as (
    select
        liked.taste_key,
        scores.product_key
    from liked
    inner join scores on liked.category = scores.category
    where scores.rank_in_category <= {{ var('selection_size') }}
),

-- What is bought once is offered only to those who looked for its kind: others may have it.
ranked_pairs as (
    select
        pairs.product_key,
        pairs.other_key,
        pairs.confidence,
        row_number() over (
            partition by pairs.product_key order by pairs.confidence desc, pairs.other_key asc
        ) as place
    from pairs
    inner join scores on pairs.other_key = scores.product_key
    where scores.category_interval_days is not null
),

by_pair as (
    select
        tastes.taste_key,
        ranked_pairs.other_key as product_key,
        cast(round({{ var('selection_pair_steps') }} * 1000 * ranked_pairs.confidence) as integer) as pair_score
    from tastes
    inner join ranked_pairs on tastes.last_product_key = ranked_pairs.product_key
    where ranked_pairs.place <= {{ var('selection_size') }}
),

candidates as (
    select
        taste_key,
        product_key,
        0 as pair_score
    from by_category
    union all
    select
        taste_key,
        product_key,
        pair_score
    from by_pair
),

scored as (
    select
        candidates.taste_key,
        candidates.product_key,
        max(candidates.pair_score) as pair_score,
        coalesce(max(liked.steps * scores.score), 0) as category_score
    from candidates
    inner join scores on candidates.product_key = scores.product_key
    left join liked on candidates.taste_key = liked.taste_key and scores.category = liked.category
    group by candidates.taste_key, candidates.product_key
),

ranked as (
    select
        *,
        category_score + pair_score as score,
        row_number() over (
            partition by taste_key order by category_score + pair_score desc, product_key asc
        ) as selection_rank
    from scored
),

mart_product_selection as (
    select
        taste_key,
        cast(selection_rank as integer) as selection_rank,
        product_key,
        score,
        case when pair_score > category_score then 'pair' else 'category' end as reason
    from ranked
    where selection_rank <= {{ var('selection_size') }}
)

select * from mart_product_selection
