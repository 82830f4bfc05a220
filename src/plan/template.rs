//! Templates that users write: groups, titles, bodies, commit messages. Bounded, and without access to anything but
//! the values given to them.

use minijinja::{Environment, UndefinedBehavior, Value};
use serde::{Deserialize as _, Serialize};

/// Why a template gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template {template:?} can't be filled in: {why}")]
pub struct TemplateError {
    /// The template as written.
    pub template: String,
    /// What the template engine says.
    pub why: String,
}

/// Steps that one template may take; the longest sensible one takes some hundreds.
const FUEL: u64 = 100_000;

/// Fills in a template. A name that does not exist is an error, not an empty string.
pub fn render(template: &str, values: &impl Serialize) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let failed = |why: String| TemplateError { template: template.to_owned(), why };
    let values = serde_json::to_value(values).map_err(|error| failed(error.to_string()))?;
    let values = Value::deserialize(values).map_err(|error| failed(error.to_string()))?;
    environment
        .render_str(template, values)
        .map_err(|error| failed(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_users_write() {
        let values = json!({ "image": "ghcr.io/acme/api", "path_dir": "envs/prod" });
        assert_eq!(render("{{ path_dir }}/{{ image }}", &values).unwrap(), "envs/prod/ghcr.io/acme/api");
        assert!(render("{{ pathdir }}", &values).unwrap_err().to_string().contains("pathdir"));
        assert!(render("{{ path_dir", &values).is_err());
        assert!(
            render("{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}", &values)
                .is_err()
        );
    }
}
