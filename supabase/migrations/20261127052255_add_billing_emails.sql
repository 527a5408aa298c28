-- E-mails about a first purchase, a cancellation that is scheduled or withdrawn, and a refund.
alter table public.notifications drop constraint notifications_type_check;
alter table public.notifications add constraint notifications_type_check check (
  type in (
    'welcome', 'subscription_started', 'renewal_upcoming', 'renewal_succeeded', 'payment_failed', 'payment_refunded',
    'cancellation_scheduled', 'cancellation_withdrawn', 'subscription_canceled', 'account_deleted', 'data_export_ready',
    'weekly_metrics'
  )
);
