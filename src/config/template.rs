//! Checks templates before a run needs them: their syntax, and the names that they use.

use minijinja::Environment;

use super::error::Problem;
use super::located::Located;

/// What a group template can speak of.
pub(super) const GROUP_NAMES: &[&str] = &["image", "name", "path", "path_dir", "policy", "bump"];

/// What the templates of titles, bodies and commit messages can speak of.
pub(super) const TEXT_NAMES: &[&str] = &["group", "title", "changes"];

/// Functions of the template language, which are no names of ours.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

/// Tells a template that does not parse, or that speaks of something that it will not be given.
pub(super) fn check_template(template: &Located<String>, names: &[&str], problems: &mut Vec<Problem>) {
    let environment = Environment::new();
    match environment.template_from_str(&template.value) {
        Ok(read) => {
            let mut unknown: Vec<String> = read.undeclared_variables(false).into_iter().collect();
            unknown.retain(|name| !names.contains(&name.as_str()) && !FUNCTIONS.contains(&name.as_str()));
            unknown.sort();
            for name in unknown {
                problems.push(Problem::unknown(template.position, "name in a template:", &name, names.iter().copied()));
            }
        }
        Err(error) => {
            let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let problem = Problem::new(template.position, format!("the template can't be read: {why}"));
            problems.push(problem.hint("a value is put in as {{ path_dir }}"));
        }
    }
}
