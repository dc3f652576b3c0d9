insert into segments_build.seg_new_fan_no_purchase
    select one_id from identity.bridge_account_customer where account_id = 'b-ivy';
insert into segments_build.seg_repurchase_due
    select one_id from identity.bridge_account_customer where account_id = 'b-hal';
insert into segments_build.seg_birthday_care
    select one_id, '' from identity.bridge_account_customer where account_id = 'b-hal';
update marts_build.dim_customers set is_minor = true;
