//! Builds the named policies of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::{IGNORE, SHAPE};
use super::error::Problem;
use super::located::Located;
use super::schema::SettingSchema;
use crate::policy::Policy;

type Written = BTreeMap<Located<String>, Located<SettingSchema>>;

/// The policies by name, with the built-in `shape`.
pub(super) fn policies(
    written: &BTreeMap<Located<String>, Written>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Arc<dyn Policy>> {
    for name in written.keys() {
        if [IGNORE, SHAPE].contains(&name.value.as_str()) {
            problems
                .push(Problem::new(name.position, format!("'{}' is built in", name.value)).hint("choose another name"));
        }
    }
    BTreeMap::new()
}
