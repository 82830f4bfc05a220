//! Finds the message for people in the body of an error response: JSON of registries and gateways, or a web page. Pure.

use serde_json::Value;

/// The most characters of a message.
const SHOWN: usize = 300;

/// Returns the message in a body as one line: from JSON the texts of its errors, from a web page its title, otherwise the start
/// of the body. Empty if there is none.
pub(super) fn message(body: &str, content_type: &str) -> String {
    let start = body.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    let is_page = content_type.starts_with("text/html") || start == "<!doctype" || start.starts_with("<html");
    let text = if is_page {
        title(body).map_or_else(String::new, |title| format!("the web page \"{title}\""))
    } else {
        serde_json::from_str(body).ok().and_then(|body| in_json(&body)).unwrap_or_else(|| body.to_owned())
    };
    one_line(&text)
}

/// Returns the texts of an error in JSON, each once.
///
/// `{"errors": [{"code", "message", "detail"}]}` is that of the distribution specification, and so of zot (whose detail is an
/// object), Forgejo and Gitea (without one), and Harbor. Gateways and Quay write `message`, `error`, `detail` or `title`.
fn in_json(body: &Value) -> Option<String> {
    if let Some(errors) = body.get("errors").and_then(Value::as_array) {
        let mut texts: Vec<String> = errors.iter().filter_map(in_json).collect();
        texts.dedup();
        return (!texts.is_empty()).then(|| texts.join("; "));
    }
    let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let keys = ["message", "error_message", "error_description", "error", "detail", "title", "code"];
    text(body).or_else(|| {
        keys.iter()
            .filter_map(|key| body.get(*key))
            .find_map(|value| if value.is_object() { in_json(value) } else { text(value) })
    })
}

/// Returns the title of a web page.
fn title(page: &str) -> Option<&str> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let title = page[start..start + lower[start..].find("</title")?].trim();
    (!title.is_empty()).then_some(title)
}

/// Returns a text as one line without control characters, truncated.
fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.retain(|c| !c.is_control());
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_message_of_every_server() {
        const JSON: &str = "application/json";
        const HTML: &str = "text/html; charset=utf-8";
        #[rustfmt::skip]
        let rows = [
            // zot
            (r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"description":"This is returned if …","name":"acme/api"}}]}"#, JSON, "repository name not known to registry"),
            // Forgejo and Gitea
            (r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#, JSON, "authentication required"),
            // distribution, with a list as the detail, and a code that the specification lacks
            (r#"{"errors":[{"code":"DENIED","message":"no","detail":[{"Type":"repository"}]},{"code":"QUOTA_EXCEEDED","message":"over quota"}]}"#, JSON, "no; over quota"),
            (r#"{"errors":[{"code":"UNKNOWN","message":"","detail":{}}]}"#,          JSON,         "UNKNOWN"),
            (r#"{"errors":[{"code":"DENIED","detail":"blocked by policy"}]}"#,       JSON,         "blocked by policy"),
            (r#"{"errors":[{"status":404,"message":"No such image"}]}"#,             JSON,         "No such image"),
            (r#"{"errors":["package not found"]}"#,                                  "text/plain", "package not found"),
            (r#"{"message":"no Route matched"}"#,                                    JSON,         "no Route matched"),
            (r#"{"error":{"code":"x","message":"token expired"}}"#,                  JSON,         "token expired"),
            (r#"{"error":"invalid_grant","error_description":"wrong password"}"#,    JSON,         "wrong password"),
            (r#"{"detail":"Not Found","status":404,"title":"not_found"}"#,           JSON,         "Not Found"),
            (r#"{"a":1}"#,                                                           JSON,         r#"{"a":1}"#),
            ("{\"errors\":[{\"message\":\"two\\nlines\\u001b[1m\"}]}",               JSON,         "two lines[1m"),
            ("<html><head><title>\n Sign in · Acme </title></head>log in</html>",   HTML,         "the web page \"Sign in · Acme\""),
            ("<!DOCTYPE html><HTML><TITLE lang=en>403 Forbidden</TITLE>",            "",           "the web page \"403 Forbidden\""),
            ("<html>log in</html>",                                                  HTML,         ""),
            ("<title>cut",                                                           HTML,         ""),
            ("oops\n",                                                               "text/plain", "oops"),
            ("",                                                                     "",           ""),
            ("ääää<title>",                                                          HTML,         ""),
        ];
        for (body, content_type, expected) in rows {
            assert_eq!(message(body, content_type), expected, "{body}");
        }
        assert_eq!(message(&"ä".repeat(400), "").chars().count(), SHOWN + 1);
    }
}
