-- Auth keeps the address that a user began a single sign-on with; the row goes with its flow.
insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values (
  'single_sign_on_flows', 'auth.saml_relay_states',
  't.flow_state_id in (select id from auth.flow_state where user_id = $1)', 't.id::text', '{request_id}', true
);
