-- Each macro against the spellings platforms really send; a row here is a reading that went wrong.

with readings as (
    select *
    from (
        values
        ('a dash is no number', cast({{ number("'-'") }} as text), null),
        ('a number between blanks', cast({{ number("' 12.5 '") }} as text), '12.5'),
        (
            'a whole number beyond 2^53',
            cast({{ integer_number("'1604615437261148287'") }} as text),
            '1604615437261148287'
        ),
        ('yuan in fen', cast({{ fen("'200.07'") }} as text), '20007'),
        ('a discount in fen', cast({{ fen("'-0.5'") }} as text), '-50'),
        (
            'a wall clock of Shanghai',
            cast({{ shanghai_time("'2026-11-20 23:59:58'") }} at time zone 'UTC' as text),
            '2026-11-20 15:59:58'
        ),
        ('no time at all', cast({{ shanghai_time("nullif('', '')") }} as text), null),
        ('epoch zero is never', cast({{ epoch_time("'0'") }} as text), null),
        (
            'the business day of its last second',
            cast({{ shanghai_date(shanghai_time("'2026-11-20 23:59:59'")) }} as text),
            '2026-11-20'
        ),
        (
            'the business day of its first moment',
            cast({{ shanghai_date(start_of_day("'2026-11-20'")) }} as text),
            '2026-11-20'
        ),
        ('empty text is null', {{ json_text("cast('{\"a\": {\"b\": \"\"}}' as jsonb)", 'a', 'b') }}, null),
        (
            'a number as text, digit for digit',
            {{ json_text("cast('{\"tid\": 1604615437261148287}' as jsonb)", 'tid') }},
            '1604615437261148287'
        ),
        ('a NUL goes', {{ as_jsonb("cast('{\"a\": \"x\\u0000y\"}' as json)") }} ->> 'a', 'xy'),
        (
            'a backslash before u0000 is no NUL',
            {{ as_jsonb("cast('{\"a\": \"x\\\\u0000y\"}' as json)") }} ->> 'a',
            'x\u0000y'
        ),
        (
            'half of the SHA-256 of shop|1|2',
            {{ account_key("'shop'", "'1'", "'2'") }},
            '0a83ad52ebce7616e6f974aca9e473cf'
        ),
        (
            'a title of 20 characters is left alone',
            {{ short_title("'全域 较大婴儿配方奶粉 2段 800g装'") }},
            '全域 较大婴儿配方奶粉 2段 800g装'
        ),
        (
            'a title of 21 characters is cut to 20',
            {{ short_title("'全域 较大婴儿配方奶粉 2段 800g罐装'") }},
            '全域 较大婴儿配方奶粉 2段 800g…'
        )
    ) as spelling (reading, found, expected)
)

select * from readings
where found is distinct from expected
