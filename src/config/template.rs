//! Checks templates before a run needs them: their syntax, and the names that they use.

use minijinja::Environment;

use super::error::Problem;
use super::located::Located;

/// A template, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    /// As written.
    pub text: String,
    /// `tagboat.yaml:12`, or what else tells where it is from.
    pub source: String,
}

impl Template {
    /// One of those that hold where nothing is written.
    pub(super) fn built_in(text: &str) -> Self {
        Self { text: text.to_owned(), source: "the default".to_owned() }
    }

    /// One that stands in a file.
    pub(super) fn written(text: Located<String>, path: &str) -> Self {
        Self { source: format!("{path}:{}", text.position.line), text: text.value }
    }
}

/// What a group template can speak of.
pub(super) const GROUP_NAMES: &[&str] = &["image", "name", "path", "path_dir", "environment", "policy", "bump"];

/// What the template of branches can speak of: a branch belongs to its group, whatever is in it.
pub(super) const BRANCH_NAMES: &[&str] = &["group"];

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
