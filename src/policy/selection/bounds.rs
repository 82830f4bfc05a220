//! How large a step may be, whatever the policy: bounds relative to the current tag.

use super::jump::is_outlier;
use crate::image::{Shape, Tag};
use crate::policy::reason::Rejection;
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{Bump, compare_leading_dates};

/// Limits on the step from the current tag to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The greatest part of the version that may change.
    pub max_bump: Option<Bump>,
    /// Whether a step that is too large for a release (`1.4.5 → 1.20231001.3`) is rejected.
    pub rejects_outliers: bool,
    /// Whether a tag older than the current one may be selected.
    pub allows_downgrade: bool,
    /// Whether a suspicious step may lead to an image that was built long before the current one.
    pub allows_older_build: bool,
}

/// Why a candidate is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutOfBounds {
    /// It changes a greater part than `max-bump`.
    Bump(Bump),
    /// Its first number is out of proportion.
    Outlier,
}

/// Keys that every policy has.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "max-bump",        about: "major, minor or patch: the greatest part of the version that may change" },
    OptionDoc { key: "outliers",        about: "reject or allow a step that is too large for a release, such as 1.4.5 to 20231001.3; shape, semver and calver reject it by default" },
    OptionDoc { key: "allow-older-build", about: "true: accept a suspicious step, such as 0.6.23 to 5.33.2, to an image that was built more than 90 days before the current one" },
    OptionDoc { key: "allow-downgrade", about: "true: select the newest matching tag even if it is older than the current tag" },
];

impl Bounds {
    /// Reads the keys of [`OPTIONS`]. `rejects_outliers` is the default of `outliers`.
    pub fn new(settings: &Settings, rejects_outliers: bool) -> Result<Self, PolicyError> {
        Ok(Self {
            max_bump: settings
                .word("max-bump", &[("major", Bump::Major), ("minor", Bump::Minor), ("patch", Bump::Patch)])?,
            rejects_outliers: settings
                .word("outliers", &[("reject", true), ("allow", false)])?
                .unwrap_or(rejects_outliers),
            allows_downgrade: settings.switch("allow-downgrade")?.unwrap_or(false),
            allows_older_build: settings.switch("allow-older-build")?.unwrap_or(false),
        })
    }

    /// Checks the step from the current tag to a candidate's text.
    pub(super) fn check(&self, current: Option<&Shape<'_>>, text: &str) -> Result<(), OutOfBounds> {
        let guard = self.rejects_outliers && has_long_number(text);
        let Some(from) = current.filter(|current| current.has_order() && (self.max_bump.is_some() || guard)) else {
            return Ok(());
        };
        let shape = Shape::of(text);
        let (current, release) = (from.release(), shape.release());
        if let (true, Some(one), Some(other)) = (guard, current.first(), release.first())
            && is_outlier(one, other)
            // From 2024.6.1 to 20240701 is a month.
            && compare_leading_dates(from, &shape).is_none()
        {
            return Err(OutOfBounds::Outlier);
        }
        let value = |release: &[&str], at: usize| release.get(at).unwrap_or(&"").trim_start_matches('0').to_owned();
        let changed = [Bump::Major, Bump::Minor]
            .into_iter()
            .enumerate()
            .find(|(at, _)| value(&current, *at) != value(&release, *at));
        match (self.max_bump, changed) {
            (Some(most), Some((_, bump))) if bump > most => Err(OutOfBounds::Bump(bump)),
            _ => Ok(()),
        }
    }

    /// Returns the reason for a result of [`check`](Self::check).
    pub(super) fn rejection(&self, error: OutOfBounds, current: &Tag) -> Rejection {
        let current = current.clone();
        match error {
            OutOfBounds::Bump(bump) => Rejection::Bump { current, bump, max: self.max_bump.unwrap_or(bump) },
            OutOfBounds::Outlier => Rejection::Outlier { current },
        }
    }
}

fn has_long_number(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.len() > 2 && digits.bytes().take(3).all(|b| b.is_ascii_digit())
}
