insert into marts_build.fct_inventory (stock_key, counted_on, on_hand, available)
    values ('i', '2026-11-20', 1, 1);
