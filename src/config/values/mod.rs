//! Values with a syntax of their own: durations, globs, names, schedules and templates.

pub(super) mod duration;
pub(super) mod names;
pub(super) mod patterns;
pub(super) mod schedule;
pub(super) mod template;
pub(super) mod template_limits;
