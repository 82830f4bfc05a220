//! Builds the named policies of a configuration. [`crate::policy`] defines the keys of a policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::{IGNORE, NamedPolicy, SHAPE};
use super::error::Problem;
use super::files::ConfigFiles;
use super::schema::PolicySchema;
use super::source::ConfigSource;
use super::syntax::located::Located;
use super::syntax::node::Node;
use super::syntax::place::ConfigPlace;
use super::syntax::reader::read;
use crate::docs::page;
use crate::policy::{self, EntryPart, PolicyEntry, PolicyError, Settings};

/// Returns the policies by name, with the built-in `shape`. An invalid policy is reported and replaced by `shape`, so that
/// rules which name it are not reported as well.
pub(super) fn policies(
    written: &BTreeMap<Located<String>, PolicySchema>,
    files: ConfigFiles<'_>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, NamedPolicy> {
    let shape = NamedPolicy { entry: Arc::new(policy::default_entry()), settings: Settings::default() };
    let mut policies = BTreeMap::from([(SHAPE.to_owned(), shape.clone())]);
    for (name, keys) in written {
        if let Some(problem) = bad_name(name) {
            problems.push(problem);
            continue;
        }
        let keys = &with_clone_of_the_operator(keys, files);
        let entry = build(&format!("policy `{}`: ", name.value), name.place, keys, problems)
            .map_or_else(|| Arc::clone(&shape.entry), Arc::new);
        policies.insert(name.value.clone(), NamedPolicy { entry, settings: settings(keys) });
    }
    policies
}

/// The key whose value is a folder.
const GIT_HISTORY: &str = "git-history";

/// Returns the keys with the path of a clone in the operator's file resolved from the folder of that file. All other paths of
/// clones start in the repository.
fn with_clone_of_the_operator(keys: &PolicySchema, files: ConfigFiles<'_>) -> PolicySchema {
    let mut keys = keys.clone();
    for (key, value) in &mut keys {
        if key.value == GIT_HISTORY
            && files.source(key.place) == ConfigSource::Operator
            && let serde_json::Value::String(clone) = &mut value.value
        {
            *clone = files.folder(key.place.file).join(&*clone).display().to_string();
        }
    }
    keys
}

/// Parses a policy of the command line: `semver: ^1.2`, `newest-build`, or YAML in braces, on several lines, or with
/// quotes. In the first two forms the value is a string as it is, so that a range needs no quotes.
pub(super) fn policy_text(text: &str, problems: &mut Vec<Problem>) -> PolicyEntry {
    let start = ConfigPlace::start_of(0);
    if needs_braces(text) {
        let problem = Problem::new(start, "a policy with several keys needs braces");
        let hint = format!("write `{{ {} }}`", text.trim());
        problems.push(problem.hint(hint).documented_at(page!("policies.md#all-policies")));
        return policy::default_entry();
    }
    let keys = match text.split_once(':') {
        _ if is_yaml(text) => match Node::parse(text, 0) {
            Ok(root) => {
                let mut found = Vec::new();
                let keys = read(&root, 0, &mut found);
                problems.extend(found.into_iter().map(|one| one.documented_at(page!("policies.md#all-policies"))));
                keys
            }
            Err(problem) => {
                problems.push(problem.documented_at(page!("policies.md#all-policies")));
                return policy::default_entry();
            }
        },
        Some((key, value)) => single(key, value.trim(), start),
        None if text.trim() == SHAPE => return policy::default_entry(),
        None => single(text, "true", start),
    };
    build("", start, &keys, problems).unwrap_or_else(policy::default_entry)
}

fn is_yaml(text: &str) -> bool {
    let value = text.split_once(':').map_or("", |(_, value)| value.trim_start());
    text.trim_start().starts_with('{') || text.trim().contains('\n') || value.starts_with(['"', '\''])
}

/// Returns whether another key follows the value of the first one: `semver: ^1.2, max-bump: minor`. A range may have commas.
fn needs_braces(text: &str) -> bool {
    let options = || policy::POLICIES.iter().flat_map(|kind| kind.options).chain(policy::common_options());
    let is_key = |text: &str| options().any(|option| text.trim() == option.key);
    let is_one_line = !text.trim_start().starts_with('{') && !text.trim().contains('\n');
    is_one_line && text.split(',').skip(1).any(|part| part.split_once(':').is_some_and(|(key, _)| is_key(key)))
}

fn single(key: &str, value: &str, place: ConfigPlace) -> PolicySchema {
    let value = match value {
        "true" | "false" => serde_json::Value::Bool(value == "true"),
        text => serde_json::Value::String(text.to_owned()),
    };
    let key = Located { value: key.trim().to_owned(), place };
    BTreeMap::from([(key, Located { value, place })])
}

fn settings(keys: &PolicySchema) -> Settings {
    Settings::new(keys.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect())
}

/// Builds an entry, or reports why it is invalid. The message starts with `subject`; `place` is that of the entry.
fn build(subject: &str, place: ConfigPlace, keys: &PolicySchema, problems: &mut Vec<Problem>) -> Option<PolicyEntry> {
    policy::build(&settings(keys)).map_err(|error| problems.push(placed(&error, subject, place, keys))).ok()
}

fn bad_name(name: &Located<String>) -> Option<Problem> {
    let problem = |message: String| Problem::new(name.place, message).documented_at(page!("policies.md#all-policies"));
    if [IGNORE, SHAPE].contains(&name.value.as_str()) {
        return Some(
            problem(format!("invalid policy name `{}`: it is built in", name.value))
                .hint(format!("choose another name, such as `my-{}`", name.value)),
        );
    }
    let blank = name.value.is_empty() || name.value.contains(char::is_whitespace);
    blank.then(|| {
        problem(format!("invalid policy name `{}`", name.value)).hint("choose a name without spaces, such as `release`")
    })
}

/// Returns the problem at the key or value that the error is about.
fn placed(error: &PolicyError, subject: &str, place: ConfigPlace, keys: &PolicySchema) -> Problem {
    let at = |key: &str| keys.iter().find(|(written, _)| written.value == *key);
    let place = match &error.part {
        EntryPart::Entry => place,
        EntryPart::Key(key) => at(key).map_or(place, |(key, _)| key.place),
        EntryPart::Value(key) => at(key).map_or(place, |(_, value)| value.place),
    };
    Problem::new(place, format!("{subject}{error}")).hint(&*error.hint())
}
