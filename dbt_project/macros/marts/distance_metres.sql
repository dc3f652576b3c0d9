{#- How far two places are apart, in whole metres along the sphere. Haversine formula: R. W. Sinnott, Virtues of the
    Haversine, Sky and Telescope 68 (1984), 159. Mean radius of the Earth: 6371008.8 m, Geodetic Reference System 1980.
    GCJ-02 moves neighbours alike, so distances between two of its places hold. -#}
{% macro distance_metres(from_longitude, from_latitude, to_longitude, to_latitude) -%}
    cast(
        round(
            2 * 6371008.8 * asin(
                sqrt(
                    least(
                        1.0,
                        power(sin(radians({{ to_latitude }} - {{ from_latitude }}) / 2), 2)
                        + cos(radians({{ from_latitude }})) * cos(radians({{ to_latitude }}))
                        * power(sin(radians({{ to_longitude }} - {{ from_longitude }}) / 2), 2)
                    )
                )
            )
        ) as bigint
    )
{%- endmacro %}
