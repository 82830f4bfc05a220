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
    let mut composed = |finding: &Finding| match finding {
        Finding::Notice(notice) => Composed::of(&notice.place, files.get(notice.format)?, &mut texts),
        Finding::Occurrence(_) => None,
    };
    let all: Vec<Option<Composed>> = findings.iter().map(&mut composed).collect();
    // The images of each tag: one variable may be the tag of several.
    let mut images = BTreeMap::<(&str, usize), BTreeSet<&str>>::new();
    for (one, tag) in all.iter().flatten().filter_map(|one| Some((one, one.tag.as_ref()?))) {
        images.entry((&one.path, tag.line)).or_default().insert(&one.label);
    }
    for (finding, composed) in findings.iter_mut().zip(&all) {
        let Finding::Notice(notice) = finding else { continue };
        if !files.contains_key(notice.format) {
            continue;
        }
        let addition = match composed {
            Some(one) => {
                let is_listed = |variable: &SetVariable| listed.contains(&(Arc::from(&*one.path), variable.line));
                let is_tag_listed = one.tag.as_ref().or(one.set.first()).is_some_and(is_listed);
                if is_tag_listed {
                    notice.status = NoticeStatus::Ignored;
                }
                let of_tag = one.tag.as_ref().and_then(|tag| images.get(&(&*one.path, tag.line)));
                one.describe(is_tag_listed, of_tag)
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

/// A variable, and the line that sets it.
struct SetVariable {
    name: String,
    line: usize,
}

/// A value with variables that a file sets.
struct Composed {
    /// The file that sets the variables.
    path: String,
    /// The variables that it sets, in the order of the value.
    set: Vec<SetVariable>,
    /// The variable that is the whole tag, if the file sets it.
    tag: Option<SetVariable>,
    /// The image of that tag, if it is known.
    image: Option<String>,
    /// The image, with its variables if it is not known.
    label: String,
}

impl Composed {
    /// Returns the variables of a value that a file sets; `None` if it sets none.
    fn of(place: &Place, file: &str, texts: &mut Texts<'_>) -> Option<Self> {
        let value = &*place.value;
        let variables = expansions(value)?;
        if variables.iter().any(|one| one.operator == Operator::Other) {
            return None;
        }
        let path = beside(place, file);
        let text = texts.get(&path)?;
        let named = |name: &str| Some(SetVariable { name: name.to_owned(), line: env_variable(text, name)?.0 });
        let mut set = Vec::new();
        for one in &variables {
            if !set.iter().any(|known: &SetVariable| known.name == one.name) {
                set.extend(named(one.name));
            }
        }
        let last = variables.last()?;
        let before = value[..last.range.start].strip_suffix(':').filter(|image| !image.is_empty());
        let is_whole_tag = last.range.end == value.len();
        let tag = if is_whole_tag && before.is_some() { named(last.name) } else { None };
        let image = before.and_then(|_| {
            let mut image = String::new();
            let mut done = 0;
            for one in &variables[..variables.len() - 1] {
                image.push_str(&value[done..one.range.start]);
                let default = if one.operator == Operator::Default { Some(&value[one.word.clone()]) } else { None };
                image.push_str(env_variable(text, one.name).map(|(_, value)| value).or(default)?);
                done = one.range.end;
            }
            image.push_str(&value[done..last.range.start - 1]);
            (!image.contains('$')).then_some(image)
        });
        let label = image.clone().unwrap_or_else(|| before.unwrap_or(value).to_owned());
        (!set.is_empty()).then_some(Self { path, set, tag, image, label })
    }

    /// Returns where the variables are set, and what manages the tag there. `images` are those that have the tag.
    fn describe(&self, is_listed: bool, images: Option<&BTreeSet<&str>>) -> String {
        let path = &self.path;
        let set: Vec<String> =
            self.set.iter().map(|one| format!("`{}` is set at {path}:{}", one.name, one.line)).collect();
        let set = set.join(" and ");
        match (&self.tag, &self.image) {
            _ if is_listed => set,
            (Some(tag), _) if images.is_some_and(|images| images.len() > 1) => {
                let images: Vec<&str> = images.into_iter().flatten().copied().collect();
                format!(
                    "{set}, and `{}` is the tag of several images ({}), whose newest tags differ; give each a variable of its own, or \
                     update it there",
                    tag.name,
                    images.join(", ")
                )
            }
            (Some(tag), Some(image)) => {
                format!("{set}, and `{}` manages it there", tag_setting(path, &tag.name, image))
            }
            _ => format!("{set}; update it there"),
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
