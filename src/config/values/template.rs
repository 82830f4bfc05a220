//! Checks the syntax of templates and the names that they use, before a run renders them.

use minijinja::Environment;

use crate::config::error::Problem;
use crate::config::files::ConfigFiles;
use crate::config::syntax::located::Located;

/// A template and its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    /// The text as written.
    pub text: String,
    /// Where it is written: `tagboat.yaml:12`.
    pub source: String,
}

impl Template {
    /// Returns a default template.
    pub(in crate::config) fn built_in(text: &str) -> Self {
        Self { text: text.to_owned(), source: "the default".to_owned() }
    }

    /// Returns a template of the configuration file.
    pub(in crate::config) fn written(text: Located<String>, files: ConfigFiles<'_>) -> Self {
        Self { source: files.line(text.place), text: text.value }
    }
}

/// Names in a group template.
pub(in crate::config) const GROUP_NAMES: &[&str] =
    &["image", "name", "path", "path_dir", "environment", "policy", "bump"];

/// Names in the template of branches: a branch depends only on its group.
pub(in crate::config) const BRANCH_NAMES: &[&str] = &["group"];

/// Names in the templates of titles, bodies and commit messages.
pub(in crate::config) const TEXT_NAMES: &[&str] = &["group", "title", "changes"];

/// Functions of the template language.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

/// The section that documents the names.
const TEMPLATES: &str = crate::docs::page!("configuration.md#templates");

/// Reports a template that does not parse or uses an unknown name.
pub(in crate::config) fn check_template(template: &Located<String>, names: &[&str], problems: &mut Vec<Problem>) {
    let environment = Environment::new();
    match environment.template_from_str(&template.value) {
        Ok(read) => {
            let mut unknown: Vec<String> = read.undeclared_variables(false).into_iter().collect();
            unknown.retain(|name| !names.contains(&name.as_str()) && !FUNCTIONS.contains(&name.as_str()));
            unknown.sort();
            for name in unknown {
                let problem = Problem::unknown(template.place, "template variable", &name, names.iter().copied());
                problems.push(problem.documented_at(TEMPLATES));
            }
        }
        Err(error) => {
            let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let problem = Problem::new(template.place, format!("invalid template: {cause}"));
            problems.push(problem.hint("put names in double braces, as in `{{ path_dir }}`").documented_at(TEMPLATES));
        }
    }
}
