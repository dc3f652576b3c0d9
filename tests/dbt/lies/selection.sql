insert into marts_build.fct_product_pairs (
    product_key, other_key, orders_count, product_orders, other_orders, all_orders, is_used
) values ('a', 'b', 3, 2, 2, 2, true);
insert into marts_build.dim_customer_tastes (
    one_id, taste_key, category_1, steps_1, category_2, steps_2, category_3, steps_3, last_product_key
) values ('q', 't', 'formula', 5, '', 0, '', 0, '');
insert into marts_build.mart_product_selection (taste_key, selection_rank, product_key, score, reason)
values ('t', 2, 'a', 1, 'category');
insert into marts_build.mart_product_scores (
    product_key, category, sold_lately, available_online, available_in_stores, score, is_offered
) values ('a', 'formula', 1, 0, 0, 0, false);
