//! Names the line that sets the variable of a value that is held for it, in the file that the format of the value declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::formats::{FORMATS, env_variable};
use super::keys::expansions::{Expansion, Operator, expansions};
use super::occurrence::{Finding, NoticeStatus, Place};
use super::options::tag_setting;
use super::value::WHERE_SET;

/// What to do about a variable that nothing sets.
const WITHOUT_DEFAULT: &str =
    "write the tag in its place, or as its default where `manifests: { variable-defaults: true }` is set";

/// Adds to the reason of each value with a variable where that is set, and the setting that manages it there. `read` returns the bytes
/// of a file, if it exists.
pub fn name_variables(findings: &mut [Finding], read: &dyn Fn(&str) -> Option<Vec<u8>>) {
    let lines = |finding: &Finding| match finding {
        Finding::Occurrence(found) => Some((Arc::clone(&found.place.path), found.place.position.line)),
        Finding::Notice(_) => None,
    };
    let listed: BTreeSet<_> = findings.iter().filter_map(lines).collect();
    let files = variables_files();
    let mut texts = Texts { read, texts: BTreeMap::new() };
    for finding in findings {
        if let Finding::Notice(notice) = finding
            && let Some(file) = files.get(notice.format)
        {
            let addition = match Variable::of(&notice.place, file, &mut texts) {
                Some(variable) => {
                    let is_listed = listed.contains(&(Arc::from(&*variable.path), variable.line));
                    if is_listed {
                        notice.status = NoticeStatus::Ignored;
                    }
                    variable.describe(is_listed)
                }
                None if notice.status == NoticeStatus::Held && has_variable_without_default(&notice.place.value) => {
                    WITHOUT_DEFAULT.to_owned()
                }
                None => continue,
            };
            let reason = notice.reason.trim_end_matches(WHERE_SET);
            notice.reason = format!("{reason}; {addition}");
        }
    }
}

/// Returns the variables that are whole references, each with the path of the file that sets it.
pub fn reference_variables(findings: &[Finding]) -> Vec<(String, String)> {
    let files = variables_files();
    let named = findings.iter().filter_map(|finding| {
        let Finding::Notice(notice) = finding else { return None };
        match variable(&notice.place.value)? {
            ("", name, "") => Some((beside(&notice.place, files.get(notice.format)?), name.to_owned())),
            _ => None,
        }
    });
    named.collect()
}

/// Returns the names of formats whose values have variables, with the names of the files that set these.
fn variables_files() -> BTreeMap<&'static str, &'static str> {
    FORMATS.iter().filter_map(|format| Some((format.name(), format.variables_file()?))).collect()
}

/// Returns the path of a file in the folder of a place.
fn beside(place: &Place, file: &str) -> String {
    let folder = place.path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
    format!("{folder}{file}")
}

/// Returns whether a value has a variable that is not replaced by a default.
fn has_variable_without_default(value: &str) -> bool {
    let is_default = |one: &Expansion<'_>| one.operator == Operator::Default;
    value.contains('$') && !expansions(value).is_some_and(|all| all.iter().all(is_default))
}

/// The files that set variables, each read once.
struct Texts<'r> {
    read: &'r dyn Fn(&str) -> Option<Vec<u8>>,
    texts: BTreeMap<String, Option<String>>,
}

impl Texts<'_> {
    fn get(&mut self, path: &str) -> Option<&str> {
        let read = || String::from_utf8((self.read)(path)?).ok();
        self.texts.entry(path.to_owned()).or_insert_with(read).as_deref()
    }
}

/// The variable of a value, and the line that sets it.
struct Variable<'v> {
    name: &'v str,
    /// The image, if the variable is its whole tag.
    image: Option<&'v str>,
    path: String,
    line: usize,
}

impl<'v> Variable<'v> {
    fn of(place: &'v Place, file: &str, texts: &mut Texts<'_>) -> Option<Self> {
        let (before, name, after) = variable(&place.value)?;
        let path = beside(place, file);
        let line = env_variable(texts.get(&path)?, name)?;
        let image = before.strip_suffix(':').filter(|image| !image.is_empty() && after.is_empty());
        Some(Self { name, image, path, line })
    }

    fn describe(&self, is_listed: bool) -> String {
        let Self { name, path, line, .. } = self;
        match self.image {
            Some(image) if !is_listed => {
                format!("`{name}` is set at {path}:{line}, and `{}` manages it there", tag_setting(path, name, image))
            }
            None if !is_listed => format!("`{name}` is set at {path}:{line}; update it there"),
            _ => format!("`{name}` is set at {path}:{line}"),
        }
    }
}

/// Returns the text before the only variable of a value, its name, and the text after it. `None` if there are several, or if its
/// value is not always that of the variable.
fn variable(value: &str) -> Option<(&str, &str, &str)> {
    match &expansions(value)?[..] {
        [one] if matches!(one.operator, Operator::None | Operator::Required) => {
            Some((&value[..one.range.start], one.name, &value[one.range.end..]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_value_at_its_only_variable() {
        #[rustfmt::skip]
        let rows = [
            ("acme/shop:${TAG}",        Some(("acme/shop:", "TAG", ""))),
            ("acme/shop:$TAG",          Some(("acme/shop:", "TAG", ""))),
            ("acme/shop:${TAG}-alpine", Some(("acme/shop:", "TAG", "-alpine"))),
            ("$HOST/acme/shop:1",       Some(("", "HOST", "/acme/shop:1"))),
            ("acme/shop:${TAG:?set}",   Some(("acme/shop:", "TAG", ""))),
            ("acme/shop:${TAG:-1.0}",   None),
            ("acme/shop:${TAG:+1.0}",   None),
            ("${HOST}/shop:${TAG}",     None),
            ("acme/shop:1.0",           None),
            ("acme/shop:$",             None),
        ];
        for (value, expected) in rows {
            assert_eq!(variable(value), expected, "{value}");
        }
    }
}
