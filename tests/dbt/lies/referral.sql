insert into marts_build.fct_referrals (invitation_key, accepted_at, accepted_on, one_id, inviter_one_id, verdict)
values ('lie', '2026-11-20 10:00:00+08:00', '2026-11-20', 'qb', 'qa', 'counted');
insert into marts_build.fct_referral_rewards
(order_key, inviter_one_id, one_id, ordered_on, referral_level, granted_fen, clawed_back_fen, outstanding_fen)
values ('lie', 'qa', 'qa', '2026-11-20', 3, 10, 0, 9);
