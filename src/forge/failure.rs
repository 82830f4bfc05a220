//! Turns failures of the HTTP client into errors of a forge.

use serde_json::Value;

use crate::http::{HttpError, StatusCode};

use super::error::{ForgeError, Refusal};

/// Returns the error for a failure of the HTTP client; `permissions` are those that the credential needs.
pub(super) fn explain(action: &str, error: HttpError, permissions: &'static str) -> ForgeError {
    let hint = error.hint();
    match error {
        HttpError::Status(error) => {
            let message = serde_json::from_str(&error.body).map_or(error.body.clone(), |body| message(&body));
            let (status, wait) = (error.status.as_u16(), error.retry_after);
            Refusal { status, message, wait, is_rate_limited: error.rate_limited }.explain(action, permissions)
        }
        HttpError::RateLimited { wait, .. } => ForgeError::RateLimited { action: action.to_owned(), wait: Some(wait) },
        // Azure DevOps sends writes without a valid token to a sign-in page.
        HttpError::Redirect { status, to, .. } if status == StatusCode::FOUND && is_sign_in(&to) => {
            let message = format!("the request was redirected to the sign-in page {to}");
            ForgeError::Unauthorized { action: action.to_owned(), message }
        }
        HttpError::TooLarge { .. } | HttpError::Json { .. } | HttpError::Redirect { .. } => malformed(action, &error),
        HttpError::Header(_) | HttpError::Proxy { .. } | HttpError::ClientOptions(_) => {
            ForgeError::Settings { reason: error.to_string() }
        }
        error => ForgeError::Unreachable { action: action.to_owned(), reason: error.to_string(), hint: Some(hint) },
    }
}

fn is_sign_in(url: &str) -> bool {
    ["signin", "sign_in", "login"].iter().any(|word| url.to_ascii_lowercase().contains(word))
}

/// Returns the error for an unexpected response.
pub(super) fn malformed(action: &str, reason: &dyn std::fmt::Display) -> ForgeError {
    ForgeError::Malformed { action: action.to_owned(), reason: reason.to_string() }
}

/// Returns the message in the body of an error, from whichever place the forge uses: `message`, `error`, `errors`, a list,
/// or fields. An error about a field that has only a code becomes `head invalid`.
fn message(body: &Value) -> String {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) if !texts.contains(text) => texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
            Value::Object(fields) => {
                let keys = ["message", "error", "error_description", "detail", "errors"];
                let known: Vec<&Value> = keys.iter().filter_map(|key| fields.get(*key)).collect();
                let field = fields.get("field").and_then(Value::as_str).zip(fields.get("code").and_then(Value::as_str));
                match field {
                    _ if !known.is_empty() => known.into_iter().for_each(|value| collect(value, texts)),
                    Some((field, code)) => texts.push(format!("{field} {code}")),
                    None => fields.values().for_each(|value| collect(value, texts)),
                }
            }
            _ => {}
        }
    }
    let mut texts = Vec::new();
    collect(body, &mut texts);
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_message_of_every_forge() {
        #[rustfmt::skip]
        let table = [
            (json!({"message": "404 Project Not Found"}),                                        "404 Project Not Found"),
            (json!({"message": ["Another open merge request already exists"]}),                  "Another open merge request already exists"),
            (json!({"message": {"title": ["can't be blank"]}}),                                  "can't be blank"),
            (json!({"error": "insufficient_scope", "error_description": "needs api", "scope": "api"}), "insufficient_scope; needs api"),
            (json!({"type": "error", "error": {"message": "Bad request", "fields": {}}}),        "Bad request"),
            (json!({"errors": [{"context": null, "message": "Only one", "exceptionName": "x"}]}), "Only one"),
            (json!({"$id": "1", "message": "TF401179: An active pull request", "typeKey": "x"}), "TF401179: An active pull request"),
            (json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}]}), "Validation Failed; head invalid"),
            (json!("bad gateway"),                                                               "bad gateway"),
        ];
        for (body, expected) in table {
            assert_eq!(message(&body), expected, "{body}");
        }
    }
}
