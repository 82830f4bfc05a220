//! Checks the syntax of templates and the names that they use, before a run renders them.

use std::collections::BTreeSet;

use minijinja::machinery::{Instruction, get_compiled_template};
use minijinja::{Environment, Value, context};

use crate::config::error::Problem;
use crate::config::files::ConfigFiles;
use crate::config::syntax::located::Located;
use crate::refname::BranchName;
use crate::text::nearest_name;

use super::template_limits::{render_template, template_environment, unbounded_part};

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

/// The filters of the template language, which does not list them. Hints name the most similar one.
#[rustfmt::skip]
const FILTERS: &[&str] = &[
    "abs", "attr", "bool", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "int",
    "items", "join", "last", "length", "lines", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace",
    "reverse", "round", "safe", "select", "selectattr", "sort", "split", "string", "sum", "title", "trim", "unique",
    "upper",
];

/// The tests of the template language.
#[rustfmt::skip]
const TESTS: &[&str] = &[
    "boolean", "defined", "divisibleby", "endingwith", "eq", "equalto", "even", "false", "filter", "float", "ge",
    "greaterthan", "gt", "in", "int", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none",
    "number", "odd", "safe", "sameas", "sequence", "startingwith", "string", "test", "true", "undefined", "upper",
];

/// The section that documents the names.
const TEMPLATES: &str = crate::docs::page!("configuration.md#templates");

/// Reports a template that does not parse or uses an unknown name.
pub(in crate::config) fn check_template(template: &Located<String>, names: &[&str], problems: &mut Vec<Problem>) {
    // Before it is parsed: the parser computes what it can.
    if let Some(cause) = unbounded_part(&template.value) {
        let problem = Problem::new(template.place, format!("invalid template: {cause}"));
        let problem = problem.hint("use `if`, `for` over a list, and the filters that the page names");
        return problems.push(problem.documented_at(TEMPLATES));
    }
    let environment = template_environment();
    match environment.template_from_str(&template.value) {
        Ok(read) => {
            let mut unknown: Vec<String> = read.undeclared_variables(false).into_iter().collect();
            unknown.retain(|name| !names.contains(&name.as_str()) && !FUNCTIONS.contains(&name.as_str()));
            unknown.sort();
            for name in unknown {
                let problem = Problem::unknown(template.place, "template variable", &name, names.iter().copied());
                problems.push(problem.documented_at(TEMPLATES));
            }
            for (what, name) in unknown_operations(&read, &environment) {
                let known = if what == "filter" { FILTERS } else { TESTS };
                let hint = match nearest_name(name, known.iter().copied()) {
                    Some(near) => format!("use `{near}`"),
                    None => format!("use a {what} of minijinja"),
                };
                let problem = Problem::new(template.place, format!("unknown template {what} `{name}`"));
                problems.push(problem.hint(hint).documented_at(TEMPLATES));
            }
        }
        Err(error) => {
            let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            let problem = Problem::new(template.place, format!("invalid template: {cause}"));
            problems.push(problem.hint("put names in double braces, as in `{{ path_dir }}`").documented_at(TEMPLATES));
        }
    }
}

/// Returns the filters and tests of a template that the environment does not have, each with its kind.
fn unknown_operations<'a>(
    template: &'a minijinja::Template<'_, '_>,
    environment: &Environment<'_>,
) -> BTreeSet<(&'static str, &'a str)> {
    let instructions = &get_compiled_template(template).instructions;
    let mut state = environment.empty_state();
    let operations = (0..).map_while(|index| instructions.get(index)).filter_map(|instruction| match instruction {
        Instruction::ApplyFilter(name, ..) => Some(("filter", *name)),
        Instruction::PerformTest(name, ..) => Some(("test", *name)),
        _ => None,
    });
    // `filter` and `test` are also the names of the tests that say whether there is one with a name.
    operations.filter(|(kind, name)| !state.perform_test(kind, &[Value::from(*name)]).unwrap_or(true)).collect()
}

/// Reports a template whose branch git refuses, with an example of a group in it.
pub(in crate::config) fn check_branch(template: &Located<String>, prefix: &str, problems: &mut Vec<Problem>) {
    let group = "app";
    if unbounded_part(&template.value).is_some() {
        return;
    }
    let rendered = render_template(&template_environment(), &template.value, context! { group });
    // A template that fails is reported with its syntax, or depends on the group.
    let Ok(rendered) = rendered else { return };
    if let Err(error) = BranchName::new(&format!("{prefix}{}", rendered.trim())) {
        let problem = Problem::new(template.place, format!("`branch`: {error}"));
        let hint = "write a name that git accepts, as in `branch: \"{{ group }}\"`";
        problems.push(problem.hint(hint).documented_at(TEMPLATES));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_only_names_that_templates_have() {
        let environment = template_environment();
        let mut state = environment.empty_state();
        for (kind, names) in [("filter", FILTERS), ("test", TESTS)] {
            for name in names {
                assert!(state.perform_test(kind, &[Value::from(*name)]).unwrap(), "{kind} {name}");
            }
        }
    }
}
