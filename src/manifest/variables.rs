//! Names the line of a `.env` file that sets the variable of a value that is held for it. Compose reads the `.env` beside its file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::formats::env_variable;
use super::occurrence::{Finding, NoticeStatus, Place};
use super::options::tag_setting;

/// Adds to the reason of each value with a variable where that is set, and the setting that manages it there. `read` returns the bytes
/// of a file, if it exists.
pub fn name_variables(findings: &mut [Finding], read: &dyn Fn(&str) -> Option<Vec<u8>>) {
    let lines = |finding: &Finding| match finding {
        Finding::Occurrence(found) => Some((Arc::clone(&found.place.path), found.place.position.line)),
        Finding::Notice(_) => None,
    };
    let listed: BTreeSet<_> = findings.iter().filter_map(lines).collect();
    for finding in findings {
        if let Finding::Notice(notice) = finding
            && notice.format == "compose"
            && let Some(variable) = Variable::of(&notice.place, read)
        {
            let is_listed = listed.contains(&(Arc::from(&*variable.path), variable.line));
            if is_listed {
                notice.status = NoticeStatus::Ignored;
            }
            let _ = write!(notice.reason, "; {}", variable.describe(is_listed));
        }
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
    fn of(place: &'v Place, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        let (before, name, after) = variable(&place.value)?;
        let folder = place.path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        let path = format!("{folder}.env");
        let bytes = read(&path)?;
        let line = env_variable(std::str::from_utf8(&bytes).ok()?, name)?;
        let image = before.strip_suffix(':').filter(|image| !image.is_empty() && after.is_empty());
        Some(Self { name, image, path, line })
    }

    fn describe(&self, is_listed: bool) -> String {
        let Self { name, path, line, .. } = self;
        match self.image {
            Some(image) if !is_listed => {
                format!("`{name}` is set at {path}:{line}, and `{}` manages it there", tag_setting(path, name, image))
            }
            _ => format!("`{name}` is set at {path}:{line}"),
        }
    }
}

/// Returns the text before the only variable of a value, its name, and the text after it. `None` if there are several, or if it has a
/// default.
fn variable(value: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = value.split_once('$')?;
    let (name, after) = match rest.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())),
    };
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_name && !after.contains('$')).then_some((before, name, after))
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
            ("acme/shop:${TAG:-1.0}",   None),
            ("${HOST}/shop:${TAG}",     None),
            ("acme/shop:1.0",           None),
            ("acme/shop:$",             None),
        ];
        for (value, expected) in rows {
            assert_eq!(variable(value), expected, "{value}");
        }
    }
}
