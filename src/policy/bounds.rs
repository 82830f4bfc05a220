//! How far a step may go, whatever the policy: bounds relative to what stands there now.

use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::version::Shape;

/// Limits on the way from the current tag to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The greatest part of the version that may change.
    pub max_bump: Option<Bump>,
    /// Whether a jump that no release makes (`1.4.2 → 20240101`) is refused.
    pub refuse_outliers: bool,
    /// Whether something lower than what stands there may be chosen.
    pub allow_downgrade: bool,
}

/// A part of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// The third number and those after it.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

/// Why a candidate is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutOfBounds {
    /// A greater part changes than may.
    Bump(Bump),
    /// The first number is out of all proportion.
    Outlier,
}

/// Keys that every policy understands.
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "max-bump",        about: "major, minor or patch: the greatest part of the version that may change" },
    OptionDoc { key: "outliers",        about: "refuse or allow a jump that no release makes, such as 1.4.2 to 20240101; refused by shape, semver and calver unless allowed" },
    OptionDoc { key: "allow-downgrade", about: "true: the policy's choice is taken even if it is lower than what stands there" },
];

/// A step of more than this in the first number, to a number two digits longer, is no release. Renovate draws its line
/// at 500, too, but within numbers of one length, where it hides every other month of a date.
const OUTLIER_STEP: u128 = 500;

impl Bounds {
    /// Reads the keys of [`OPTIONS`]. `guarded` says whether outliers are refused where nothing is said.
    pub fn new(settings: &Settings, guarded: bool) -> Result<Self, PolicyError> {
        Ok(Self {
            max_bump: settings
                .word("max-bump", &[("major", Bump::Major), ("minor", Bump::Minor), ("patch", Bump::Patch)])?,
            refuse_outliers: settings.word("outliers", &[("refuse", true), ("allow", false)])?.unwrap_or(guarded),
            allow_downgrade: settings.switch("allow-downgrade")?.unwrap_or(false),
        })
    }

    /// Whether a step from the current text to another stays in bounds.
    pub(super) fn judge(&self, current: &[&str], text: &str) -> Result<(), OutOfBounds> {
        let guard = self.refuse_outliers && has_long_number(text);
        if current.is_empty() || (self.max_bump.is_none() && !guard) {
            return Ok(());
        }
        let release = Shape::of(text).release();
        if let (true, Some(from), Some(to)) = (guard, current.first(), release.first())
            && is_outlier(from, to)
        {
            return Err(OutOfBounds::Outlier);
        }
        let value = |release: &[&str], at: usize| release.get(at).unwrap_or(&"").trim_start_matches('0').to_owned();
        let changed = [Bump::Major, Bump::Minor]
            .into_iter()
            .enumerate()
            .find(|(at, _)| value(current, *at) != value(&release, *at));
        match (self.max_bump, changed) {
            (Some(most), Some((_, bump))) if bump > most => Err(OutOfBounds::Bump(bump)),
            _ => Ok(()),
        }
    }

    /// Puts it into words.
    pub(super) fn reason(&self, why: OutOfBounds, current: &str) -> String {
        let name = |bump| match bump {
            Bump::Major => "major",
            Bump::Minor => "minor",
            Bump::Patch => "patch",
        };
        match why {
            OutOfBounds::Bump(bump) => {
                let most = self.max_bump.map_or("", name);
                format!("another {} version than {current}, and max-bump is {most}", name(bump))
            }
            OutOfBounds::Outlier => {
                format!("an outlier: no release steps from {current} to this (`outliers: allow` lets it through)")
            }
        }
    }
}

fn has_long_number(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.len() > 2 && digits.bytes().take(3).all(|b| b.is_ascii_digit())
}

fn is_outlier(from: &str, to: &str) -> bool {
    let digits = |number: &str| number.trim_start_matches('0').len().max(1);
    let value = |number: &str| number.parse::<u128>().unwrap_or(u128::MAX);
    digits(to) >= digits(from) + 2 && value(to).saturating_sub(value(from)) > OUTLIER_STEP
}
