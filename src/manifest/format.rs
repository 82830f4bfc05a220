//! The trait of all manifest formats.
