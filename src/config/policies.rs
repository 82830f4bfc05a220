//! Builds the named policies of a configuration. What keys a policy has is for [`crate::policy`] to say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::{IGNORE, SHAPE};
use super::error::Problem;
use super::located::Located;
use super::schema::PolicySchema;
use crate::policy::{self, Entry, PolicyError, Settings};

/// The policies by name, with the built-in `shape`. One that can't be built is told, and stands in as `shape`, so that
/// rules which name it are not told as well.
pub(super) fn policies(
    written: &BTreeMap<Located<String>, PolicySchema>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Arc<Entry>> {
    let shape = Arc::new(policy::default_entry());
    let mut policies = BTreeMap::from([(SHAPE.to_owned(), Arc::clone(&shape))]);
    for (name, keys) in written {
        if let Some(problem) = bad_name(name) {
            problems.push(problem);
            continue;
        }
        let values = keys.iter().map(|(key, value)| (key.value.clone(), value.value.clone()));
        let entry = policy::build(&Settings::new(values.collect())).map(Arc::new).unwrap_or_else(|error| {
            problems.push(placed(&error, name, keys));
            Arc::clone(&shape)
        });
        policies.insert(name.value.clone(), entry);
    }
    policies
}

fn bad_name(name: &Located<String>) -> Option<Problem> {
    let problem = |message: String| Problem::new(name.position, message);
    if [IGNORE, SHAPE].contains(&name.value.as_str()) {
        return Some(problem(format!("the policy `{}` is built in", name.value)).hint("choose another name"));
    }
    let blank = name.value.is_empty() || name.value.contains(char::is_whitespace);
    blank.then(|| problem(format!("'{}' can't be the name of a policy", name.value)).hint("a name has no spaces"))
}

fn placed(error: &PolicyError, name: &Located<String>, keys: &PolicySchema) -> Problem {
    let key = error.key.as_ref().and_then(|key| keys.keys().find(|written| written.value == *key));
    let problem = Problem::new(key.unwrap_or(name).position, format!("policy `{}`: {error}", name.value));
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
