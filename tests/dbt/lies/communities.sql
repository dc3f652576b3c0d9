insert into marts_build.mart_community_health (
    group_key, is_dismissed, reachable, interacting, trading, evaporating, departed
) values ('g', false, 0, 0, 1, 0, 0);
insert into marts_build.fct_community_daily (
    group_key, community_on, reachable, interacting, trading, evaporating, departed
) values ('g', '2026-11-20', 0, 0, 1, 0, 0);
insert into marts_build.fct_community_spells (
    member_key, group_key, account_key, state, state_before, from_on, until_on
) values ('g|a', 'g', 'a', 'trading', 'trading', '2026-11-20', '2026-11-20');
