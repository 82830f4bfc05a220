//! One HTTP client for registries and forges.
