"""The demonstration: a manager and a node from nothing, and tenants being served."""
