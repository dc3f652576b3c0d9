insert into marts_build.fct_messages (message_key, state) values ('m', 'sent');
