//! Rules that no reference reaches, because an earlier one matches everything that they match.

use super::files::ConfigFiles;
use super::schema::RuleSchema;
use super::source::ConfigSource;
use super::syntax::located::Located;
use crate::text::Position;

/// A rule after one that matches everything that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreachableRule {
    /// The name of the configuration file.
    pub file: String,
    /// The position in that file.
    pub position: Position,
    /// The line of the earlier rule, in the same file.
    pub covered_by: usize,
}

/// Returns the rules that no reference reaches. `is_for_images` is whether a policy does not apply to charts.
pub(super) fn unreachable(
    rules: &[Located<RuleSchema>],
    is_for_images: impl Fn(&str) -> bool,
    files: ConfigFiles<'_>,
) -> Vec<UnreachableRule> {
    let covers = |earlier: &Located<RuleSchema>, later: &Located<RuleSchema>| {
        let source = files.source(earlier.place);
        // The operator's file may be for several repositories. Without a policy, its rules leave the choice to those after them.
        let selects = earlier.value.policy.is_some() || source == ConfigSource::Repository;
        // A rule with wildcards does not match charts if its policy is for images.
        let is_for_images = earlier.value.policy.as_ref().is_some_and(|policy| is_for_images(&policy.value));
        source == files.source(later.place)
            && selects
            && !is_for_images
            && contains(earlier.value.images.as_deref(), later.value.images.as_deref())
            && contains(earlier.value.paths.as_deref(), later.value.paths.as_deref())
    };
    let unreachable = rules.iter().enumerate().filter_map(|(at, later)| {
        let earlier = rules[..at].iter().find(|earlier| covers(earlier, later))?;
        Some(UnreachableRule {
            file: files.name(later.place).to_owned(),
            position: later.place.position,
            covered_by: earlier.place.position.line,
        })
    });
    unreachable.collect()
}

/// Returns whether globs match everything that others match, judged by their texts. Without globs, a rule matches everything.
fn contains(globs: Option<&[Located<String>]>, others: Option<&[Located<String>]>) -> bool {
    let Some(globs) = globs else { return true };
    let has = |text: &str| globs.iter().any(|glob| glob.value == text);
    has("**") || others.is_some_and(|others| others.iter().all(|other| has(&other.value)))
}
