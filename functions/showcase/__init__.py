"""The Python handlers beside Supabase: a shared core here, one sub-package for each capability."""
