//! The keys that only the operator may set.

use super::error::Problem;
use super::syntax::node::{Node, Value};
use super::syntax::place::ConfigPlace;
use crate::docs::page;
use crate::text::Position;

/// Keys that only the operator may set, from the root; `*` is every key of a map. Each names a credential, who
/// receives one, or what of the repository is used at all.
pub const OPERATOR_KEYS: &[&str] = &[
    "repository-config",
    "registries.*.username-env",
    "registries.*.password-env",
    "registries.*.token-env",
    "registries.*.client-cert-file",
    "registries.*.auth-hosts",
    "registries.*.oci-layout",
    "git.remote",
    "git.sign",
    "git.pass-env",
];

/// Reports every key of a repository's file that only the operator may set.
pub(super) fn check_keys(root: &Node, file: usize, problems: &mut Vec<Problem>) {
    for key in OPERATOR_KEYS {
        let path: Vec<&str> = key.split('.').collect();
        find(root, &path, &mut |name, position| {
            let message = format!("`{name}` is not allowed in the configuration of a repository");
            let problem = Problem::new(ConfigPlace { file, position }, message);
            let hint =
                "set it in a file outside the repository, and pass that file: `tagboat run --config operator.yaml`";
            problems.push(problem.hint(hint).documented_at(page!("security.md#settings-and-who-may-set-them")));
        });
    }
}

/// Calls `report` with the name and the position of every key at `path`.
fn find(node: &Node, path: &[&str], report: &mut impl FnMut(&str, Position)) {
    let (Value::Map(entries), Some((first, rest))) = (&node.value, path.split_first()) else { return };
    for entry in entries.iter().filter(|entry| *first == "*" || entry.key == *first) {
        if rest.is_empty() {
            report(&entry.key, entry.position);
        } else {
            find(&entry.value, rest, report);
        }
    }
}
