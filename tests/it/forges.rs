//! Tests of forges.
