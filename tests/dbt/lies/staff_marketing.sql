update marts_build.fct_staff_credits set credit_fen = credit_fen + 1;
update marts_build.fct_staff_daily set credit_fen = credit_fen + 1;
update marts_build.fct_staff_relations set inherited_from = 'somebody';
