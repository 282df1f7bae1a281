//! Repositories on SQL: implements the engine's journal and leases.
