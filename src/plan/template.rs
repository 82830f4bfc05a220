//! Renders the templates of the configuration: groups, branches, titles, bodies, commit messages. Rendering is bounded and
//! reads only the given values.

use minijinja::value::Serde;
use minijinja::{Value, escape_formatter};
use serde::Serialize;

use crate::config::{Template, render_template, template_environment};
use crate::docs::{Hint, hint};

/// Why the result of a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("cannot use the template `{}` at {}: {cause}", .template.text.escape_debug(), .template.source)]
pub struct TemplateError {
    /// The template as written.
    pub template: Template,
    /// The cause, from the template engine or from checking the result.
    pub cause: String,
}

impl TemplateError {
    pub(super) fn new(template: &Template, cause: impl Into<String>) -> Self {
        Self { template: template.clone(), cause: cause.into() }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        hint!(
            "configuration.md#templates",
            "correct the template at {}, with the variables that are documented",
            self.template.source
        )
    }
}

/// Renders a template. A variable that does not exist is an error. `make_safe` is applied to inserted text, unless it is
/// marked as safe, but not to the template itself.
pub(super) fn render(
    template: &Template,
    values: &impl Serialize,
    make_safe: fn(&str) -> String,
) -> Result<String, TemplateError> {
    let mut environment = template_environment();
    environment.set_formatter(move |out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(out.write_str(&make_safe(text))?),
        _ => escape_formatter(out, state, value),
    });
    let rendered = render_template(&environment, &template.text, Value::from(Serde(values)));
    rendered.map_err(|cause| TemplateError::new(template, cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn renders_values_and_rejects_unknown_names() {
        let values = json!({ "image": "ghcr.io/acme/api", "path_dir": "envs/prod", "list": ["@a", "@b"], "n": 3 });
        let fill = |text: &str| {
            let template = Template { text: text.to_owned(), source: "tagboat.yaml:7".to_owned() };
            render(&template, &values, |text| text.replace('@', "(at)"))
        };
        assert_eq!(fill("{{ path_dir }}/{{ image }}@{{ n }}").unwrap(), "envs/prod/ghcr.io/acme/api@3");
        assert_eq!(fill("{{ list | join(', ') }} {{ '@' ~ n }}").unwrap(), "(at)a, (at)b (at)3");
        let error = fill("{{ pathdir }}").unwrap_err();
        let start = "cannot use the template `{{ pathdir }}` at tagboat.yaml:7: ";
        assert!(error.to_string().starts_with(start), "{error}");
        assert!(fill("{{ path_dir").is_err());
        let endless = "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}";
        assert!(fill(endless).is_err());
    }
}
