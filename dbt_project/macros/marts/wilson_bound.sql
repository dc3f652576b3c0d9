{#- A bound of the score interval of a proportion: Wilson (1927), J. of the American Statistical Association 22. `sign` is
    - or +. -#}
{% macro wilson_bound(successes, trials, sign) -%}
    {%- set z = var('experiments_z') -%}
    {%- set rate = '(cast(' ~ successes ~ ' as numeric) / ' ~ trials ~ ')' -%}
    (
        (
            {{ rate }} + {{ z * z }} / (2 * {{ trials }})
            {{ sign }} {{ z }} * sqrt(
                {{ rate }} * (1 - {{ rate }}) / {{ trials }}
                + {{ z * z }} / (4.0 * {{ trials }} * {{ trials }})
            )
        ) / (1 + {{ z * z }} / {{ trials }})
    )
{%- endmacro %}
