-- Constraints are named <table>_<field>_<rule>, each of one rule, and say in words what is allowed.
alter table public.projects rename constraint projects_title_check to projects_title_length;
alter table public.projects rename constraint projects_short_summary_check to projects_short_summary_length;
alter table public.projects rename constraint projects_description_check to projects_description_length;
alter table public.projects rename constraint projects_status_check to projects_status_choices;
alter table public.projects rename constraint projects_hidden_reason_given to projects_hidden_reason_required;
alter table public.project_images rename constraint project_images_position_check to project_images_position_range;
alter table public.project_images rename constraint project_images_width_check to project_images_width_range;
alter table public.project_images rename constraint project_images_height_check to project_images_height_range;
alter table public.project_images rename constraint project_images_alt_text_check to project_images_alt_text_length;
alter table public.project_images rename constraint project_images_caption_check to project_images_caption_length;
alter table public.project_videos rename constraint project_videos_position_check to project_videos_position_range;
alter table public.project_videos rename constraint project_videos_alt_text_check to project_videos_alt_text_length;
alter table public.project_videos rename constraint project_videos_caption_check to project_videos_caption_length;
alter table public.social_metrics rename constraint social_metrics_platform_check to social_metrics_platform_choices;
alter table public.social_metrics rename constraint social_metrics_likes_check to social_metrics_likes_range;
alter table public.social_metrics rename constraint social_metrics_comments_check to social_metrics_comments_range;
alter table public.social_metrics rename constraint social_metrics_stars_check to social_metrics_stars_range;
alter table public.social_metrics rename constraint social_metrics_forks_check to social_metrics_forks_range;
alter table public.social_metrics rename constraint social_metrics_watchers_check to social_metrics_watchers_range;
alter table public.social_metrics rename constraint social_metrics_retweets_check to social_metrics_retweets_range;
alter table public.social_metrics rename constraint social_metrics_replies_check to social_metrics_replies_range;
alter table public.templates rename constraint templates_name_check to templates_name_length;
alter table public.layouts rename constraint layouts_name_check to layouts_name_length;
alter table public.layouts rename constraint layouts_catalogue_has_no_project to layouts_project_id_owner;
alter table public.ai_sessions rename constraint ai_sessions_status_check to ai_sessions_status_choices;
alter table public.ai_sessions rename constraint ai_sessions_error_code_check to ai_sessions_error_code_length;
alter table public.ai_sessions rename constraint ai_sessions_model_check to ai_sessions_model_length;
alter table public.ai_sessions rename constraint ai_sessions_input_tokens_check to ai_sessions_input_tokens_range;
alter table public.ai_sessions rename constraint ai_sessions_output_tokens_check to ai_sessions_output_tokens_range;
alter table public.ai_sessions rename constraint ai_sessions_latency_ms_check to ai_sessions_latency_ms_range;
alter table public.subscriptions rename constraint subscriptions_stripe_id_check to subscriptions_stripe_id_length;
alter table public.subscriptions rename constraint subscriptions_status_check to subscriptions_status_choices;
alter table public.subscriptions rename constraint subscriptions_plan_check to subscriptions_plan_length;
alter table public.subscriptions rename constraint subscriptions_tier_check to subscriptions_tier_choices;
alter table public.subscriptions rename constraint subscriptions_price_id_check to subscriptions_price_id_length;
alter table public.subscriptions rename constraint subscriptions_price_currency_check to subscriptions_price_currency_format;
alter table public.subscriptions rename constraint subscriptions_price_interval_check to subscriptions_price_interval_choices;
alter table public.subscriptions rename constraint subscriptions_price_interval_count_check to subscriptions_price_interval_count_range;
alter table public.notifications rename constraint notifications_type_check to notifications_type_choices;
alter table public.notifications rename constraint notifications_status_check to notifications_status_choices;
alter table public.notifications rename constraint notifications_dedupe_key_check to notifications_dedupe_key_length;
alter table public.notifications rename constraint notifications_attempts_check to notifications_attempts_range;
alter table public.notifications rename constraint notifications_provider_message_id_check to notifications_provider_message_id_length;
alter table public.notifications rename constraint notifications_error_check to notifications_error_length;
alter table public.plans rename constraint plans_price_id_check to plans_price_id_length;
alter table public.plans rename constraint plans_lookup_key_check to plans_lookup_key_length;
alter table public.plans rename constraint plans_tier_check to plans_tier_choices;
alter table public.plans rename constraint plans_current_price_id_check to plans_current_price_id_length;
alter table public.plans rename constraint plans_product_id_check to plans_product_id_length;
alter table public.plans rename constraint plans_name_check to plans_name_length;
alter table public.plans rename constraint plans_description_check to plans_description_length;
alter table public.plans rename constraint plans_amount_check to plans_amount_range;
alter table public.plans rename constraint plans_currency_check to plans_currency_format;
alter table public.plans rename constraint plans_interval_check to plans_interval_choices;
alter table public.plans rename constraint plans_interval_count_check to plans_interval_count_range;
alter table public.plans rename constraint plans_trial_days_check to plans_trial_days_range;
alter table public.plans rename constraint plans_features_check to plans_features_type;
alter table public.plans rename constraint plans_limits_check to plans_limits_type;
alter table public.plans rename constraint plans_price_check to plans_price_id_required;
alter table public.notification_preferences rename constraint notification_preferences_type_check to notification_preferences_type_choices;
alter table public.storage_quotas rename constraint storage_quotas_tier_check to storage_quotas_tier_choices;
alter table public.storage_quotas rename constraint storage_quotas_max_bytes_check to storage_quotas_max_bytes_range;
alter table public.storage_quotas rename constraint storage_quotas_max_files_check to storage_quotas_max_files_range;
alter table public.invoices rename constraint invoices_stripe_id_check to invoices_stripe_id_length;
alter table public.invoices rename constraint invoices_subscription_id_check to invoices_subscription_id_length;
alter table public.invoices rename constraint invoices_number_check to invoices_number_length;
alter table public.invoices rename constraint invoices_status_check to invoices_status_choices;
alter table public.invoices rename constraint invoices_currency_check to invoices_currency_format;
alter table public.tier_limits rename constraint tier_limits_tier_check to tier_limits_tier_choices;
alter table public.tier_limits rename constraint tier_limits_designs_per_day_check to tier_limits_designs_per_day_range;
alter table public.project_reports rename constraint project_reports_reason_known to project_reports_reason_choices;
alter table public.moderation_actions rename constraint moderation_actions_action_known to moderation_actions_action_choices;
alter table private.users rename constraint users_email_check to users_email_length;
alter table private.users rename constraint users_username_check to users_username_format;
alter table private.users rename constraint users_google_id_check to users_google_id_length;
alter table private.users rename constraint users_tier_check to users_tier_choices;
alter table private.users rename constraint users_links_format to users_links_address;
alter table public.projects drop constraint projects_live_link_check,
  add constraint projects_live_link_address check (live_link ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'),
  add constraint projects_live_link_length check (char_length(live_link) <= 2048);
alter table public.projects drop constraint projects_github_link_check,
  add constraint projects_github_link_address check (github_link ~ '^https://github\.com/[A-Za-z0-9][A-Za-z0-9-]{0,38}/'
      '(?!\.{1,2}([/?]|$))[A-Za-z0-9._-]{1,100}/?([?][^[:space:]#]*)?$'),
  add constraint projects_github_link_length check (char_length(github_link) <= 2048);
alter table public.projects drop constraint projects_linkedin_link_check,
  add constraint projects_linkedin_link_address check (linkedin_link ~ '^https://www\.linkedin\.com/'
      '(feed/update/urn:li:(activity|share|ugcPost):[0-9]{1,25}'
      '|posts/[^[:space:]/?#]+-(activity|share|ugcPost)-[0-9]{1,25}-[A-Za-z0-9_-]+)'
      '/?([?][^[:space:]#]*)?$'),
  add constraint projects_linkedin_link_length check (char_length(linkedin_link) <= 2048);
alter table public.projects drop constraint projects_twitter_link_check,
  add constraint projects_twitter_link_address check (twitter_link ~ '^https://(x|twitter)\.com/[A-Za-z0-9_]{1,20}/status/[0-9]{1,25}/?([?][^[:space:]#]*)?$'),
  add constraint projects_twitter_link_length check (char_length(twitter_link) <= 2048);
alter table public.project_images drop constraint project_images_url_check,
  add constraint project_images_url_format check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'),
  add constraint project_images_url_length check (char_length(url) <= 2048);
alter table public.project_images drop constraint project_images_renditions_check,
  add constraint project_images_renditions_type check (jsonb_typeof(renditions) = 'array'),
  add constraint project_images_renditions_size check (pg_column_size(renditions) <= 8192);
alter table public.project_videos drop constraint project_videos_url_check,
  add constraint project_videos_url_format check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'),
  add constraint project_videos_url_length check (char_length(url) <= 2048);
alter table public.project_videos drop constraint project_videos_poster_url_check,
  add constraint project_videos_poster_url_format check (poster_url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'),
  add constraint project_videos_poster_url_length check (char_length(poster_url) <= 2048);
alter table public.project_tags drop constraint project_tags_tag_check,
  add constraint project_tags_tag_length check (char_length(tag) between 1 and 50),
  add constraint project_tags_tag_format check (tag ~ '^([^[:space:]](.*[^[:space:]])?)?$');
alter table public.project_technologies drop constraint project_technologies_technology_check,
  add constraint project_technologies_technology_length check (char_length(technology) between 1 and 50),
  add constraint project_technologies_technology_format check (technology ~ '^([^[:space:]](.*[^[:space:]])?)?$');
alter table public.notifications drop constraint notifications_payload_check,
  add constraint notifications_payload_type check (jsonb_typeof(payload) = 'object'),
  add constraint notifications_payload_size check (octet_length(payload::text) <= 65536);
alter table public.plans drop constraint plans_plan_check,
  add constraint plans_plan_format check (plan ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'),
  add constraint plans_plan_reserved check (plan <> 'unknown');
alter table public.invoices drop constraint invoices_hosted_invoice_url_check,
  add constraint invoices_hosted_invoice_url_format check (hosted_invoice_url ~ '^https?://'),
  add constraint invoices_hosted_invoice_url_length check (char_length(hosted_invoice_url) <= 2048);
alter table public.invoices drop constraint invoices_invoice_pdf_check,
  add constraint invoices_invoice_pdf_format check (invoice_pdf ~ '^https?://'),
  add constraint invoices_invoice_pdf_length check (char_length(invoice_pdf) <= 2048);
alter table private.users drop constraint users_avatar_url_check,
  add constraint users_avatar_url_format check (avatar_url ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$'),
  add constraint users_avatar_url_length check (char_length(avatar_url) <= 2048);

comment on constraint projects_title_length on public.projects is 'Title must have 1 to 200 characters.';
comment on constraint projects_short_summary_length on public.projects is 'Short summary must have 500 characters at most.';
comment on constraint projects_description_length on public.projects is 'Description must have 20,000 characters at most.';
comment on constraint projects_status_choices on public.projects is 'Status must be draft, published, unlisted or archived.';
comment on constraint projects_live_link_address on public.projects is
  'A web address that begins with http:// or https://, such as https://engine.example.com.';
comment on constraint projects_live_link_length on public.projects is 'Link must have 2,048 characters at most.';
comment on constraint projects_github_link_address on public.projects is
  'A repository on GitHub, such as https://github.com/ada/engine.';
comment on constraint projects_github_link_length on public.projects is 'GitHub link must have 2,048 characters at most.';
comment on constraint projects_linkedin_link_address on public.projects is
  'A post on LinkedIn, such as https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001.';
comment on constraint projects_linkedin_link_length on public.projects is 'LinkedIn link must have 2,048 characters at most.';
comment on constraint projects_twitter_link_address on public.projects is
  'A post on X, such as https://x.com/ada/status/1700000000000000001.';
comment on constraint projects_twitter_link_length on public.projects is 'X link must have 2,048 characters at most.';
comment on constraint projects_position_range on public.projects is 'Position must be 0 or more.';
comment on constraint projects_slug_format on public.projects is
  'A slug must have 1 to 80 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint projects_hidden_reason_length on public.projects is 'Hidden reason must have 1 to 500 characters.';
comment on constraint projects_hidden_reason_required on public.projects is
  'A project that is hidden says why, and no other does.';
comment on constraint projects_slug_unique on public.projects is 'You have a project with this slug. Choose another.';
comment on constraint project_images_url_format on public.project_images is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/picture.png.';
comment on constraint project_images_url_length on public.project_images is 'URL must have 2,048 characters at most.';
comment on constraint project_images_position_range on public.project_images is 'Position must be 0 or more.';
comment on constraint project_images_width_range on public.project_images is 'Width must be 1 or more.';
comment on constraint project_images_height_range on public.project_images is 'Height must be 1 or more.';
comment on constraint project_images_alt_text_length on public.project_images is 'Alt text must have 1,000 characters at most.';
comment on constraint project_images_caption_length on public.project_images is 'Caption must have 2,000 characters at most.';
comment on constraint project_images_renditions_type on public.project_images is 'Renditions must be a list.';
comment on constraint project_images_renditions_size on public.project_images is 'Renditions must take 8,192 bytes at most.';
comment on constraint project_videos_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/film.mp4.';
comment on constraint project_videos_url_length on public.project_videos is 'URL must have 2,048 characters at most.';
comment on constraint project_videos_position_range on public.project_videos is 'Position must be 0 or more.';
comment on constraint project_videos_alt_text_length on public.project_videos is 'Alt text must have 1,000 characters at most.';
comment on constraint project_videos_caption_length on public.project_videos is 'Caption must have 2,000 characters at most.';
comment on constraint project_videos_poster_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/picture.png.';
comment on constraint project_videos_poster_url_length on public.project_videos is
  'Poster URL must have 2,048 characters at most.';
comment on constraint project_tags_tag_length on public.project_tags is 'Tag must have 1 to 50 characters.';
comment on constraint project_tags_tag_format on public.project_tags is 'A tag neither begins nor ends with a space.';
comment on constraint project_tags_pkey on public.project_tags is 'The project has this tag.';
comment on constraint project_technologies_technology_length on public.project_technologies is
  'Technology must have 1 to 50 characters.';
comment on constraint project_technologies_technology_format on public.project_technologies is
  'A technology neither begins nor ends with a space.';
comment on constraint project_technologies_pkey on public.project_technologies is 'The project has this technology.';
comment on constraint social_metrics_platform_choices on public.social_metrics is 'Platform must be linkedin, github or twitter.';
comment on constraint social_metrics_likes_range on public.social_metrics is 'Likes must be 0 or more.';
comment on constraint social_metrics_comments_range on public.social_metrics is 'Comments must be 0 or more.';
comment on constraint social_metrics_stars_range on public.social_metrics is 'Stars must be 0 or more.';
comment on constraint social_metrics_forks_range on public.social_metrics is 'Forks must be 0 or more.';
comment on constraint social_metrics_watchers_range on public.social_metrics is 'Watchers must be 0 or more.';
comment on constraint social_metrics_retweets_range on public.social_metrics is 'Retweets must be 0 or more.';
comment on constraint social_metrics_replies_range on public.social_metrics is 'Replies must be 0 or more.';
comment on constraint templates_name_length on public.templates is 'Name must have 1 to 120 characters.';
comment on constraint layouts_name_length on public.layouts is 'Name must have 1 to 120 characters.';
comment on constraint layouts_project_id_owner on public.layouts is
  'A layout of the catalogue, which has no owner, is of no project.';
comment on constraint ai_sessions_status_choices on public.ai_sessions is 'Status must be running, done, failed or cancelled.';
comment on constraint ai_sessions_error_code_length on public.ai_sessions is 'Error code must have 100 characters at most.';
comment on constraint ai_sessions_model_length on public.ai_sessions is 'Model must have 100 characters at most.';
comment on constraint ai_sessions_input_tokens_range on public.ai_sessions is 'Input tokens must be 0 or more.';
comment on constraint ai_sessions_output_tokens_range on public.ai_sessions is 'Output tokens must be 0 or more.';
comment on constraint ai_sessions_latency_ms_range on public.ai_sessions is 'Latency ms must be 0 or more.';
comment on constraint subscriptions_stripe_id_length on public.subscriptions is 'Stripe ID must have 1 to 255 characters.';
comment on constraint subscriptions_status_choices on public.subscriptions is
  'Status must be incomplete, incomplete_expired, trialing, active, past_due, canceled, unpaid or paused.';
comment on constraint subscriptions_plan_length on public.subscriptions is 'Plan must have 1 to 255 characters.';
comment on constraint subscriptions_tier_choices on public.subscriptions is 'Tier must be free or paid.';
comment on constraint subscriptions_price_id_length on public.subscriptions is 'Price ID must have 1 to 255 characters.';
comment on constraint subscriptions_price_currency_format on public.subscriptions is
  'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint subscriptions_price_interval_choices on public.subscriptions is
  'Price interval must be day, week, month or year.';
comment on constraint subscriptions_price_interval_count_range on public.subscriptions is
  'Price interval count must be 1 or more.';
comment on constraint notifications_type_choices on public.notifications is
  'Type must be welcome, subscription_started, renewal_upcoming, renewal_succeeded, payment_failed, payment_refunded, cancellation_scheduled, cancellation_withdrawn, subscription_canceled, account_deleted, data_export_ready, weekly_metrics or contact_message.';
comment on constraint notifications_status_choices on public.notifications is
  'Status must be queued, sending, sent, delivered, bounced, failed or suppressed.';
comment on constraint notifications_dedupe_key_length on public.notifications is 'Dedupe key must have 1 to 255 characters.';
comment on constraint notifications_payload_type on public.notifications is 'A payload must be an object.';
comment on constraint notifications_payload_size on public.notifications is 'A payload must take 65,536 bytes at most.';
comment on constraint notifications_attempts_range on public.notifications is 'Attempts must be 0 or more.';
comment on constraint notifications_provider_message_id_length on public.notifications is
  'Provider message ID must have 200 characters at most.';
comment on constraint notifications_error_length on public.notifications is 'Error must have 500 characters at most.';
comment on constraint plans_plan_format on public.plans is
  'A plan must have 1 to 64 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint plans_plan_reserved on public.plans is
  'A plan is not named unknown: that is what a price without a plan is shown as.';
comment on constraint plans_price_id_length on public.plans is 'Price ID must have 1 to 255 characters.';
comment on constraint plans_lookup_key_length on public.plans is 'Lookup key must have 1 to 200 characters.';
comment on constraint plans_tier_choices on public.plans is 'Tier must be free or paid.';
comment on constraint plans_current_price_id_length on public.plans is 'Current price ID must have 1 to 255 characters.';
comment on constraint plans_product_id_length on public.plans is 'Product ID must have 1 to 255 characters.';
comment on constraint plans_name_length on public.plans is 'Name must have 5,000 characters at most.';
comment on constraint plans_description_length on public.plans is 'Description must have 5,000 characters at most.';
comment on constraint plans_amount_range on public.plans is 'Amount must be 0 or more.';
comment on constraint plans_currency_format on public.plans is 'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint plans_interval_choices on public.plans is 'Interval must be day, week, month or year.';
comment on constraint plans_interval_count_range on public.plans is 'Interval count must be 1 or more.';
comment on constraint plans_trial_days_range on public.plans is 'Trial days must be 0 to 730.';
comment on constraint plans_features_type on public.plans is 'Features must be a list.';
comment on constraint plans_limits_type on public.plans is 'Limits must be an object.';
comment on constraint plans_price_id_required on public.plans is 'A plan has a price id or a lookup key.';
comment on constraint notification_preferences_type_choices on public.notification_preferences is
  'Type must be renewal_upcoming, weekly_metrics or contact_message.';
comment on constraint storage_quotas_tier_choices on public.storage_quotas is 'Tier must be free or paid.';
comment on constraint storage_quotas_max_bytes_range on public.storage_quotas is 'Max bytes must be 0 or more.';
comment on constraint storage_quotas_max_files_range on public.storage_quotas is 'Max files must be 0 or more.';
comment on constraint invoices_stripe_id_length on public.invoices is 'Stripe ID must have 1 to 255 characters.';
comment on constraint invoices_subscription_id_length on public.invoices is 'Subscription ID must have 1 to 255 characters.';
comment on constraint invoices_number_length on public.invoices is 'Number must have 255 characters at most.';
comment on constraint invoices_status_choices on public.invoices is 'Status must be open, paid, uncollectible or void.';
comment on constraint invoices_currency_format on public.invoices is
  'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint invoices_hosted_invoice_url_format on public.invoices is
  'A web address that begins with http:// or https://.';
comment on constraint invoices_hosted_invoice_url_length on public.invoices is
  'Hosted invoice URL must have 2,048 characters at most.';
comment on constraint invoices_invoice_pdf_format on public.invoices is
  'A web address that begins with http:// or https://.';
comment on constraint invoices_invoice_pdf_length on public.invoices is 'Invoice PDF must have 2,048 characters at most.';
comment on constraint tier_limits_tier_choices on public.tier_limits is 'Tier must be free or paid.';
comment on constraint tier_limits_designs_per_day_range on public.tier_limits is 'Designs per day must be 0 or more.';
comment on constraint project_views_views_range on public.project_views is 'Views must be 0 or more.';
comment on constraint project_reports_reason_choices on public.project_reports is
  'Reason is spam, harassment, copyright, illegal, personal_data, malware or other.';
comment on constraint project_reports_details_length on public.project_reports is 'Details must have 1 to 2,000 characters.';
comment on constraint moderation_actions_action_choices on public.moderation_actions is 'Action is hide, unhide or dismiss.';
comment on constraint moderation_actions_operator_length on public.moderation_actions is 'Operator must have 1 to 100 characters.';
comment on constraint moderation_actions_reason_length on public.moderation_actions is 'Reason must have 1 to 500 characters.';
comment on constraint project_previews_token_hash_format on public.project_previews is
  'A token hash is a SHA-256 in hexadecimal digits.';
comment on constraint users_email_length on private.users is 'Email must have 1 to 255 characters.';
comment on constraint users_username_format on private.users is
  'A username must have 1 to 32 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint users_avatar_url_format on private.users is
  'A web address that begins with http:// or https://.';
comment on constraint users_avatar_url_length on private.users is 'Avatar URL must have 2,048 characters at most.';
comment on constraint users_google_id_length on private.users is 'Google ID must have 1 to 255 characters.';
comment on constraint users_tier_choices on private.users is 'Tier must be free or paid.';
comment on constraint users_name_length on private.users is 'Name must have 1 to 100 characters.';
comment on constraint users_headline_length on private.users is 'Headline must have 1 to 200 characters.';
comment on constraint users_bio_length on private.users is 'Bio must have 1 to 5,000 characters.';
comment on constraint users_location_length on private.users is 'Location must have 1 to 100 characters.';
comment on constraint users_links_count on private.users is 'Links must be 10 at most.';
comment on constraint users_links_address on private.users is
  'Each link is a web address that begins with http:// or https://, of 2,048 characters at most.';
comment on constraint users_username_key on private.users is 'Somebody has this username. Choose another.';

-- What is wrong with a page is said with its path.
create function private.schema_error(given jsonb, schema jsonb, definitions jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := jsonb_typeof(given);
  choice jsonb;
  found text;
  first_found text;
begin
  if schema ? '$ref' then
    return private.schema_error(given, definitions -> substr(schema ->> '$ref', length('#/$defs/') + 1), definitions);
  elsif schema ? 'discriminator' then
    -- One property tells which of the alternatives it has to be.
    found := schema #>> array['discriminator', 'mapping', given ->> (schema #>> '{discriminator,propertyName}')];
    if kind <> 'object' or found is null then
      return case kind when 'object' then '.' || (schema #>> '{discriminator,propertyName}') else '' end || ' must be one of '
        || (select string_agg(name, ', ' order by name) from jsonb_object_keys(schema #> '{discriminator,mapping}') as name);
    end if;
    return private.schema_error(given, jsonb_build_object('$ref', found), definitions);
  elsif schema ? 'anyOf' then
    for choice in select each from jsonb_array_elements(schema -> 'anyOf') as each loop
      found := private.schema_error(given, choice, definitions);
      if found is null then
        return null;
      end if;
      first_found := coalesce(first_found, found);
    end loop;
    return first_found;
  elsif schema ? 'const' then
    return case when given is distinct from schema -> 'const' then ' must be ' || (schema ->> 'const') end;
  elsif schema ? 'enum' then
    return case when not schema -> 'enum' @> jsonb_build_array(given) then
      ' must be one of ' || (select string_agg(each, ', ') from jsonb_array_elements_text(schema -> 'enum') as each)
    end;
  end if;

  case schema ->> 'type'
    when 'string' then
      return case
        when kind <> 'string' then ' must be text'
        when char_length(given #>> '{}') < (schema ->> 'minLength')::int
          then format(' must have %s characters or more', schema ->> 'minLength')
        when char_length(given #>> '{}') > (schema ->> 'maxLength')::int
          then format(' must have %s characters at most', schema ->> 'maxLength')
        when given #>> '{}' !~ (schema ->> 'pattern') then ' must match ' || (schema ->> 'pattern')
      end;
    when 'integer' then
      return case
        when kind <> 'number' or (given #>> '{}')::numeric <> trunc((given #>> '{}')::numeric)
          then ' must be a whole number'
        when (given #>> '{}')::numeric < (schema ->> 'minimum')::numeric then ' must be at least ' || (schema ->> 'minimum')
        when (given #>> '{}')::numeric > (schema ->> 'maximum')::numeric then ' must be at most ' || (schema ->> 'maximum')
      end;
    when 'array' then
      return case
        when kind <> 'array' then ' must be a list'
        when jsonb_array_length(given) < (schema ->> 'minItems')::int
          then format(' must have %s entries or more', schema ->> 'minItems')
        when jsonb_array_length(given) > (schema ->> 'maxItems')::int
          then format(' must have %s entries at most', schema ->> 'maxItems')
        else (
          select format('[%s]%s', place - 1, checked.error)
          from jsonb_array_elements(given) with ordinality as item (value, place)
          cross join lateral (select private.schema_error(item.value, schema -> 'items', definitions) as error offset 0) as checked
          where checked.error is not null limit 1
        )
      end;
    when 'object' then
      return case
        when kind <> 'object' then ' must be an object'
        else coalesce(
          (
            select format(' needs %s', name) from jsonb_array_elements_text(schema -> 'required') as name
            where not given ? name limit 1
          ),
          (
            select checked.error from jsonb_each(given) as property
            cross join lateral (
              select case
                when schema -> 'properties' ? property.key then
                  '.' || property.key
                  || private.schema_error(property.value, schema -> 'properties' -> property.key, definitions)
                else format(' has no property named "%s"', left(property.key, 100))
              end as error offset 0
            ) as checked
            where checked.error is not null limit 1
          )
        )
      end;
    else
      return case when kind is distinct from schema ->> 'type' then ' must be ' || coalesce(schema ->> 'type', 'left out') end;
  end case;
end
$$;
comment on function private.schema_error(jsonb, jsonb, jsonb) is
  'Where a value is not as a JSON Schema (of the kind that the block catalogue is written in) says, and what it must be: '
  '".props.title must be text"; null where it is.';

create function private.block_list_error(blocks jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then ' must be a list of blocks'
    when octet_length(blocks::text) > 262144 then ' must take 262,144 bytes at most'
    -- Those in columns are counted: a page of the smallest ones took a second to check.
    when 200 < jsonb_array_length(blocks) + (
      select count(*) from jsonb_path_query(blocks, 'lax $[*].props.columns[*][*]')
    ) then ' must have 200 blocks at most, those in columns counted'
    else private.schema_error(
      blocks, private.block_list_schema() - '$defs', private.block_list_schema() -> '$defs'
    )
  end
$$;
comment on function private.block_list_error(jsonb) is
  'Why this is no array of blocks as the catalogue describes them (at most 200, those in columns counted, and 256 kB), as '
  'schema_error says it; null where it is one.';

revoke all on function private.schema_error(jsonb, jsonb, jsonb) from public;
revoke all on function private.block_list_error(jsonb) from public;
grant execute on function private.schema_error(jsonb, jsonb, jsonb) to authenticated, service_role;
grant execute on function private.block_list_error(jsonb) to authenticated, service_role;

create or replace function private.check_blocks() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  error constant text := private.block_list_error(new.blocks_json);
begin
  if error is not null then
    raise exception 'blocks_json%.', error using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'blocks_json',
      constraint = tg_table_name || '_blocks_json_blocks',
      detail = tg_table_name || '.blocks_json' || split_part(error, ' ', 1),
      hint = 'See docs/blocks.schema.json.';
  end if;
  return new;
end
$$;
comment on function private.check_blocks() is
  'Trigger: blocks_json is a list of the catalogue''s blocks; the detail of the error is the path to what is not.';
drop function private.is_block_list(jsonb);
drop function private.matches_schema(jsonb, jsonb, jsonb);

-- Errors of triggers name their table and field in the detail.
create or replace function private.check_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform private.lock_usernames(old.username, new.username);
  else
    perform private.lock_usernames(new.username);
  end if;
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', constraint = 'users_username_reserved', detail = 'users.username', hint = 'Choose another username.';
  elsif private.is_username_held(new.username, new.id) then
    raise exception 'The username % belonged to somebody else until lately.', new.username
      using errcode = 'check_violation', constraint = 'users_username_held', detail = 'users.username', hint = 'Choose another username.';
  elsif tg_op = 'UPDATE' and current_setting('role') = 'authenticated' and (
    select count(*) >= 10 from private.former_usernames as former
    where former.user_id = new.id and former.freed_at > now() - interval '90 days'
      and former.username_hash <> private.username_hash(new.username)
  ) then
    -- Each change keeps a name from everybody else.
    raise exception 'You may change your username 10 times in 90 days.'
      using errcode = 'PT429', detail = 'users.username', hint = 'Take back one that you had, or wait.';
  end if;
  return new;
end
$$;
create or replace function private.limit_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  most constant int := tg_argv[1];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  case tg_table_name
    when 'projects' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.projects as kept where kept.user_id = owner.user_id offset most)
      );
    when 'layouts' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.layouts as kept where kept.user_id = owner.user_id offset most)
      );
    when 'project_images' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_images as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_videos' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_videos as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_tags' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_tags as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_technologies' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_technologies as kept where kept.project_id = owner.project_id offset most)
      );
  end case;
  if crowded then
    raise exception '% may have % % at most.',
      case tg_argv[0] when 'user_id' then 'You' else 'A project' end, most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', table = tg_table_name, constraint = tg_table_name || '_rows', detail = tg_table_name,
        hint = 'Delete one first.';
  end if;
  return null;
end
$$;

-- As the links of projects: taken as pasted, stored in one form.
create function private.canonicalize_profile_links() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if cardinality(new.links) <= 10 then
    new.links := array(
      select coalesce(private.canonical_web_link(btrim(left(link, 2049), e' \t\r\n\u00a0\u200b\ufeff')), link)
      from unnest(new.links) with ordinality as pasted (link, place) order by place
    );
  end if;
  return new;
end
$$;
comment on function private.canonicalize_profile_links() is 'Trigger: the links of a profile have their scheme; the CHECK refuses the rest.';

create trigger canonicalize_links before update on private.users
  for each row when (old.links is distinct from new.links) execute function private.canonicalize_profile_links();
revoke all on function private.canonicalize_profile_links() from public, anon, authenticated, service_role;

-- What each field may hold, and what a form says of a value that was refused: one row for each rule, read from the
-- constraints themselves. An error names its rule: PostgREST's message of a CHECK or a key ends with the constraint's name.

create view public.field_rules with (security_invoker = true) as
with tables as (
  select relation.oid, relation.relname::text as name
  from pg_catalog.pg_class as relation
  where relation.relkind in ('r', 'p')
    -- public.users is a view over the table that its constraints are on.
    and (relation.relnamespace = 'public'::regnamespace or relation.oid = 'private.users'::regclass)
)
select
  rule.conname::text as name,
  tables.name as table_name,
  field.attname::text as field,
  case rule.contype when 'c' then substr(rule.conname, length(tables.name || field.attname) + 3) else 'unique' end as rule,
  described.message,
  coalesce(
    substring(described.definition from '>= ([0-9]+)')::bigint, substring(described.definition from '> ([0-9]+)')::bigint + 1
  ) as minimum,
  substring(described.definition from '<= ([0-9]+)')::bigint as maximum,
  -- As JavaScript writes it; flags as those of its RegExp.
  case when rule.conname like '%\_format' then
    replace(substring(described.definition from '~\*? ''(.*)''::text'), '[:space:]', '\s')
  end as pattern,
  case when rule.conname like '%\_format' and described.definition like '%~* %' then 'i' end as flags,
  case when rule.conname like '%\_choices' then
    array(select found[1] from regexp_matches(described.definition, '''([^'']*)''::text', 'g') as found)
  end as choices
from pg_catalog.pg_constraint as rule
join tables on tables.oid = rule.conrelid
cross join lateral (
  select pg_get_constraintdef(rule.oid) as definition, obj_description(rule.oid, 'pg_constraint') as message
) as described
-- A rule about several columns is named after the one that a form shows it at; of a key, that is its last.
cross join lateral (
  select one.attname from pg_catalog.pg_attribute as one
  where one.attrelid = rule.conrelid and one.attnum = any (rule.conkey)
  order by
    case when starts_with(rule.conname, tables.name || '_' || one.attname || '_') then length(one.attname) else 0 end desc,
    array_position(rule.conkey, one.attnum) desc
  limit 1
) as field
where rule.contype in ('c', 'p', 'u') and described.message is not null
union all
select
  tables.name || '_' || field.attname || '_required', tables.name, field.attname, 'required',
  upper(left(field.attname, 1)) || replace(substr(field.attname, 2), '_', ' ') || ' must be given.', null, null, null, null, null
from tables
join pg_catalog.pg_attribute as field on field.attrelid = tables.oid and field.attnum > 0 and not field.attisdropped
where field.attnotnull and not field.atthasdef and field.attidentity = ''
union all
select
  tables.name || '_rows', tables.name, null, 'rows',
  case split_part(encode(guard.tgargs, 'escape'), '\000', 1) when 'user_id' then 'You' else 'A project' end
    || ' may have ' || to_char(bound.maximum, 'FM999,999') || ' ' || replace(tables.name, 'project_', '') || ' at most.',
  null, bound.maximum, null, null, null
from pg_catalog.pg_trigger as guard
join tables on tables.oid = guard.tgrelid
cross join lateral (select split_part(encode(guard.tgargs, 'escape'), '\000', 2)::bigint as maximum) as bound
where guard.tgname = 'limit_rows'
union all
values
  ('users_username_held', 'users', 'username', 'reserved', 'This username belonged to somebody else until lately. Choose another.',
    null::bigint, null::bigint, null, null, null::text[]),
  ('users_username_reserved', 'users', 'username', 'reserved', 'This username is reserved. Choose another.',
    null, null, null, null, null),
  ('layouts_blocks_json_blocks', 'layouts', 'blocks_json', 'blocks', 'A page is a list of the catalogue''s blocks, 200 at most.',
    null, 200, null, null, null),
  ('templates_blocks_json_blocks', 'templates', 'blocks_json', 'blocks',
    'A page is a list of the catalogue''s blocks, 200 at most.', null, 200, null, null, null);
comment on view public.field_rules is
  e'What each field may hold: one row for each rule. name is the constraint that an error names; field is null where the rule is '
  'about the table.\n'
  '@graphql({"name": "FieldRule", "primary_key_columns": ["name"]})';
comment on column public.field_rules.name is 'The constraint; of what a trigger checks, its name all the same.';
comment on column public.field_rules.rule is
  'length, choices, format, address (a link, taken as pasted), range, count, type, size, required, unique, reserved, owner, '
  'blocks, rows.';
comment on column public.field_rules.message is 'What to show where a value was refused.';
comment on column public.field_rules.minimum is 'Of length in characters, of size in bytes, of range the number itself.';
comment on column public.field_rules.maximum is 'As minimum; of rows and blocks, how many.';
comment on column public.field_rules.pattern is 'Of format: a regular expression, with flags as of JavaScript''s RegExp.';
comment on column public.field_rules.choices is 'Of choices: the values that are taken.';
-- What is allowed is no secret; the catalogue behind it is open to every role.
revoke all on table public.field_rules from anon, authenticated, service_role;
grant select on table public.field_rules to anon, authenticated, service_role;
