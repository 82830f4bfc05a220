//! Tests of registries.
