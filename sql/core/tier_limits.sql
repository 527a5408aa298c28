-- How much of what costs money a user of each tier may have a day. Data: a pricing page shows it, an operator changes it by
-- an UPDATE.

create table public.tier_limits (
  tier text primary key constraint tier_limits_tier_choices check (tier in ('free', 'paid')),
  designs_per_day int not null constraint tier_limits_designs_per_day_range check (designs_per_day >= 0)
);
comment on table public.tier_limits is e'What a user of each tier may have.\n@graphql({"name": "TierLimit"})';
comment on column public.tier_limits.designs_per_day is 'Designs of the assistant, a UTC day.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint tier_limits_tier_choices on public.tier_limits is 'Tier must be free or paid.';
comment on constraint tier_limits_designs_per_day_range on public.tier_limits is 'Designs per day must be 0 or more.';

insert into public.tier_limits (tier, designs_per_day) values ('free', 5), ('paid', 50);
