//! Errors of all layers, as people read them.
