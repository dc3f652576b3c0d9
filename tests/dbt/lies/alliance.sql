insert into marts_build.fct_alliance_overlap
(contract, partner_segment, state, k, people, is_withheld) values
('lie', 'gold', 'new', 20, null, true), ('lie', 'gold', 'active', 20, 19, false), ('lie', 'all', 'all', 20, 24, false);
