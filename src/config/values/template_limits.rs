//! Bounds the memory that a template takes: a pull request may bring one. The engine counts steps, but a text that is doubled at each
//! step exhausts any memory after forty.
//!
//! A text can only be doubled if its result has a name. So no block names a result, and a `for` loop goes over values that are no
//! longer than what was there before. What one expression adds, and what filters add in all, has a limit.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// The limit on steps for one template. Real templates need a few hundred.
const FUEL: u64 = 100_000;
/// The limit on bytes of a template. Each use of a name in an expression may repeat a text in it.
const MAX_TEXT: usize = 20_000;
/// The limit on bytes of a result, and on those that all filters of a template make. Forges allow less for a pull request.
const MAX_BYTES: usize = 1 << 20;
/// The limit on texts that one expression joins.
const MAX_JOINED: usize = 100;

/// The blocks that name no result of an expression, as `set`, `with` and `macro` do.
const BLOCKS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor"];

/// Filters whose result is longer than their input by what a template chooses.
const UNBOUNDED: &[&str] = &["batch", "chain", "format", "groupby", "indent", "pprint", "slice", "zip"];

/// Returns the environment of all templates: rendering is bounded, and a variable that does not exist is an error.
pub fn template_environment<'source>() -> Environment<'source> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    UNBOUNDED.iter().for_each(|name| environment.remove_filter(name));
    let budget = Budget::default();
    let of_join = budget.clone();
    environment
        .add_filter("join", move |list: Value, joiner: Option<Cow<'_, str>>| of_join.join(&list, joiner.as_deref()));
    environment.add_filter("replace", move |text: Cow<'_, str>, from: Cow<'_, str>, to: Cow<'_, str>| {
        let found = text.matches(&*from).count();
        budget.take(text.len().saturating_add(found.saturating_mul(to.len())))?;
        Ok::<_, Error>(text.replace(&*from, &to))
    });
    environment.add_filter("map", |list: Value, options: Kwargs| {
        let attribute: Value = options.get("attribute")?;
        options.assert_all_used()?;
        list.try_iter()?.map(|item| item.get_item(&attribute)).collect::<Result<Vec<Value>, Error>>()
    });
    environment
}

/// Renders a template; the error is the cause as text.
pub fn render_template(environment: &Environment<'_>, text: &str, values: Value) -> Result<String, String> {
    let mut result = BoundedResult(Vec::new());
    let rendered =
        environment.template_from_str(text).and_then(|read| read.render_captured_to(values, &mut result).map(drop));
    match rendered {
        Ok(()) => Ok(String::from_utf8_lossy(&result.0).into_owned()),
        Err(error) => Err(match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => format!("it takes more than {FUEL} steps"),
            (ErrorKind::WriteFailure, _) => too_long(),
            (_, Some(detail)) => detail.to_owned(),
            (kind, None) => kind.to_string(),
        }),
    }
}

fn too_long() -> String {
    format!("its result takes more than {} MiB", MAX_BYTES >> 20)
}

/// Returns why a template may take any amount of memory; `None` if it cannot, or if it cannot be parsed.
pub(super) fn unbounded_part(template: &str) -> Option<String> {
    if template.len() > MAX_TEXT {
        return Some(format!("it has more than {MAX_TEXT} bytes"));
    }
    let tokens = tokenize(template, false, SyntaxConfig::default());
    let tokens: Vec<Token<'_>> = tokens.map_while(Result::ok).map(|(token, _)| token).collect();
    let (mut is_loop, mut joined) = (false, 0);
    for (index, token) in tokens.iter().enumerate() {
        let before = |count: usize| index.checked_sub(count).map(|at| &tokens[at]);
        let is_of_filter = matches!((before(2), before(1)), (Some(Token::Pipe), Some(Token::Ident(_))));
        match token {
            Token::VariableStart | Token::BlockStart => (is_loop, joined) = (false, 0),
            Token::Ident(name) if matches!(before(1), Some(Token::BlockStart)) => {
                if !BLOCKS.contains(name) {
                    return Some(format!("the block `{name}` is not supported"));
                }
                is_loop = *name == "for";
            }
            Token::Mul | Token::Pow => return Some(format!("{token} is not supported")),
            Token::Tilde | Token::Plus | Token::BracketOpen | Token::BraceOpen | Token::Ident("recursive")
                if is_loop =>
            {
                return Some("`for` takes only names and filters".to_owned());
            }
            Token::ParenOpen if is_loop && !is_of_filter => {
                return Some("`for` takes only names and filters".to_owned());
            }
            Token::Tilde | Token::Plus | Token::Comma => joined += 1,
            _ => {}
        }
        if joined > MAX_JOINED {
            return Some(format!("an expression joins more than {MAX_JOINED} texts"));
        }
    }
    None
}

/// How many bytes the filters of one rendering have made.
#[derive(Clone, Default)]
struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Takes bytes, before a filter makes them.
    fn take(&self, bytes: usize) -> Result<(), Error> {
        let before = self.0.fetch_add(bytes.min(MAX_BYTES + 1), Ordering::Relaxed);
        if before.saturating_add(bytes) > MAX_BYTES {
            return Err(Error::new(ErrorKind::InvalidOperation, too_long()));
        }
        Ok(())
    }

    fn join(&self, list: &Value, joiner: Option<&str>) -> Result<String, Error> {
        let mut joined = String::new();
        for (index, item) in list.try_iter()?.enumerate() {
            let text = item.to_string();
            let joiner = if index > 0 { joiner.unwrap_or_default() } else { "" };
            self.take(joiner.len() + text.len())?;
            joined.push_str(joiner);
            joined.push_str(&text);
        }
        Ok(joined)
    }
}

/// A result, whose length has a limit.
struct BoundedResult(Vec<u8>);

impl io::Write for BoundedResult {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the result of a template, or why there is none.
    fn result(template: &str) -> Result<String, String> {
        let values = minijinja::context! { name => "ab", list => ["x", "y"] };
        unbounded_part(template).map_or(Ok(()), Err)?;
        render_template(&template_environment(), template, values)
    }

    #[test]
    fn renders_what_people_write() {
        for (template, expected) in [
            ("{{ name ~ '/' ~ name | upper }}", "ab/AB"),
            ("{{ name | replace('a', '-') }}, {{ list | join(', ') }}, {{ list | sort | first }}", "-b, x, y, x"),
            ("{% for one in list | reverse %}{{ one }}{% if not loop.last %},{% endif %}{% endfor %}", "y,x"),
            ("{% for a in name | replace('a', '') %}{{ a }}{% endfor %}", "b"),
            ("{{ list[0] }}{{ [name, 'c'] | join }}{% raw %}{% set a = 1 %}{% endraw %}", "xabc{% set a = 1 %}"),
        ] {
            assert_eq!(result(template).as_deref(), Ok(expected), "{template}");
        }
    }

    /// Each would take more memory than there is.
    #[test]
    fn refuses_what_takes_any_amount_of_memory() {
        let long = "x".repeat(10_000);
        let doubled = "{% set a = a ~ a %}".repeat(60);
        let rows = [
            format!("{{% set a = 'x' %}}{doubled}{{{{ a }}}}"),
            "{% set ns = namespace(a='x') %}{% for i in range(99) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}"
                .to_owned(),
            "{% with a = 'xxxx' ~ name %}{% endwith %}".to_owned(),
            "{% macro a(b) %}{{ b }}{% endmacro %}".to_owned(),
            "{% filter replace('a', 'aa') %}a{% endfilter %}".to_owned(),
            "{% for a in [name ~ name] %}{% for b in [a ~ a] %}{% endfor %}{% endfor %}".to_owned(),
            "{% for a in (name, name) %}{% for b in ((a, a), (a, a)) %}{% endfor %}{% endfor %}".to_owned(),
            "{% for a in list recursive %}{{ loop([a ~ a]) }}{% endfor %}".to_owned(),
            "{{ 'xxxxxxxx' * 10000000 }}".to_owned(),
            "{{ range(100000) | join('LONG') }}".to_owned(),
            "{{ 'LONG' | replace('x', 'LONG') | length }}".to_owned(),
            "{{ 'LONG' | replace('', 'LONG') | length }}".to_owned(),
            "{{ range(100000) | map(attribute='a', default='LONG') ~ '' }}".to_owned(),
            "{{ range(100000) | map('default', 'LONG') ~ '' }}".to_owned(),
            "{{ 'x' | indent(1000000000) }}".to_owned(),
            "{{ list | batch(1000000000, 'x') }}".to_owned(),
            "{% for a in range(100000) %}LONG{% endfor %}".to_owned(),
            format!("{{{{ '' {} }}}}", "~ name".repeat(200)),
            "x".repeat(30_000),
        ];
        for row in rows {
            let error = result(&row.replace("LONG", &long[..5_000])).expect_err(&row);
            assert!(!error.is_empty(), "{row}");
        }
    }
}
