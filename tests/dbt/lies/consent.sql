update marts_build.fct_consents set is_granted = true;
delete from marts_build.fct_consents where one_id = (
    select one_id from identity.bridge_account_customer where account_id = 'm-ann'
);
insert into marts_build.fct_consents (one_id, purpose, channel, is_granted, source)
values ('q', 'advertising', 'tencent_ads_audience', true, 'store');
