//! Bitbucket Cloud's API over a [`CodeHost`], with its error messages.

use base64::Engine;
use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, Pull, Refused, State, add_missing};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::spec::Description;

pub(crate) static BITBUCKET_CLOUD: Vendor = Vendor {
    name: "bitbucket-cloud",
    root: "/2.0",
    undescribed: "/2.0",
    repository: "acme/gitops",
    described: Description {
        file: "bitbucket-cloud.json",
        accepts_null: false,
        paths: &[],
        also: &["q", "pagelen", "page", "description"],
        wrapped: None,
        mistyped: &[],
    },
    person: str::to_owned,
    closes_with_branch: false,
    lists_descriptions: true,
    renaming: Renaming::None,
    answer,
};

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let Some(token) = token(request).filter(|token| [TOKEN, READER].contains(&token.as_str())) else {
        return refuse(401, "Token is invalid, expired, or not supported for this endpoint.");
    };
    let writes = request.method != "GET";
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(1).collect();
    match (request.method.as_str(), &path[..]) {
        ("GET", ["user"]) => Answer::new(200, user("tagboat-bot")),
        (_, ["repositories", workspace, name, ..]) if format!("{workspace}/{name}") != BITBUCKET_CLOUD.repository => {
            refuse(404, "You may not have access to this repository or it no longer exists in this workspace.")
        }
        (_, ["repositories", ..]) if writes && token == READER => {
            refuse(403, "Your credentials lack one or more required privilege scopes.")
        }
        ("GET", ["repositories", _, _]) => {
            Answer::new(200, repository(false)).header("x-oauth-scopes", "repository:write, pullrequest:write")
        }
        ("GET", ["repositories", _, _, "pullrequests"]) => list(site, host, request),
        ("POST", ["repositories", _, _, "pullrequests"]) => open(site, host, request),
        (method, ["repositories", _, _, "pullrequests", number, rest @ ..]) => {
            let people = host.people.clone();
            let Some(pull) = number.parse().ok().and_then(|number| host.pull(number)) else {
                return refuse(404, "Not found");
            };
            match (method, rest) {
                ("GET", []) => Answer::new(200, view(site, pull)),
                ("PUT", []) => change(site, pull, &people, request),
                ("POST", ["decline"]) if pull.state != State::Open => {
                    refuse(400, "This pull request is already closed.")
                }
                ("POST", ["decline"]) => {
                    pull.state = State::Closed;
                    Answer::new(200, view(site, pull))
                }
                ("GET", ["comments"]) => {
                    let comments = pull.comments.iter().rev().map(comment).collect::<Vec<_>>();
                    Answer::new(200, json!({"pagelen": 100, "values": comments}))
                }
                ("DELETE", ["comments", id]) if pull.delete_comment(id) => Answer::new(204, Value::Null),
                ("POST", ["comments"]) => match request.body["content"]["raw"].as_str() {
                    Some(text) if !text.is_empty() => Answer::new(201, comment(pull.comment(text))),
                    _ => refuse(400, "content: required"),
                },
                _ => refuse(404, "Not found"),
            }
        }
        _ => refuse(404, "Not found"),
    }
}

fn token(request: &Request) -> Option<String> {
    let value = request.header("authorization")?;
    match value.strip_prefix("Basic ") {
        Some(pair) => {
            let pair = base64::engine::general_purpose::STANDARD.decode(pair).ok()?;
            Some(String::from_utf8(pair).ok()?.strip_prefix("bot@acme.test:")?.to_owned())
        }
        None => Some(value.strip_prefix("Bearer ")?.to_owned()),
    }
}

fn list(site: &str, host: &CodeHost, request: &Request) -> Answer {
    let filter = request.parameter("q").unwrap_or_default();
    let size: usize = request.parameter("pagelen").map_or(10, |n| n.parse().unwrap());
    if size > 50 {
        return refuse(400, "Invalid pagelen");
    }
    let page: usize = request.parameter("page").map_or(1, |n| n.parse().unwrap());
    let found: Vec<&Pull> = host.pulls.iter().filter(|pull| passes(pull, filter)).collect();
    let shown = found.iter().skip((page - 1) * size).take(size);
    let mut body =
        json!({"page": page, "pagelen": size, "values": shown.map(|pull| view(site, pull)).collect::<Vec<_>>()});
    if found.len() > page * size {
        body["next"] = json!(format!("{site}{}?page={}", request.path, page + 1));
    }
    Answer::new(200, body)
}

/// Evaluates a query of Bitbucket: comparisons joined by AND.
fn passes(pull: &Pull, filter: &str) -> bool {
    filter.split(" AND ").all(|comparison| {
        let [field, operator, value] = comparison.splitn(3, ' ').collect::<Vec<_>>()[..] else { return false };
        let value = value.trim_matches('"');
        let is = match field {
            "state" => word(pull),
            "source.branch.name" => &pull.head,
            _ => return false,
        };
        match operator {
            "=" => is == value,
            "!=" => is != value,
            "~" => is.to_lowercase().contains(&value.to_lowercase()),
            _ => false,
        }
    })
}

/// "If a pull request for that source and destination is open, it is updated."
fn open(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let name = |side: &str| request.body[side]["branch"]["name"].as_str().unwrap_or_default().to_owned();
    let (title, body) = (request.text("title").unwrap_or_default(), request.text("description").unwrap_or_default());
    let (head, base) = (name("source"), name("destination"));
    if let Some(refused) = too_long(title, body) {
        return refused;
    }
    let number = match host.open(&head, &base, title, body) {
        Ok(pull) => {
            pull.draft = request.body["draft"] == true;
            pull.number
        }
        Err(Refused::Exists(number)) => number,
        Err(Refused::NoHead) => return refuse(400, &format!("source: branch not found: {head}")),
        Err(Refused::NoBase) => return refuse(400, &format!("destination: branch not found: {base}")),
        Err(Refused::NoCommits) => return refuse(400, "There are no changes to be pulled"),
    };
    let pull = host.pull(number).unwrap();
    (pull.title, pull.body) = (title.to_owned(), body.to_owned());
    Answer::new(201, view(site, pull))
}

fn change(site: &str, pull: &mut Pull, people: &[String], request: &Request) -> Answer {
    if pull.state != State::Open {
        return refuse(400, "Only open pull requests can be mutated.");
    }
    let Some(title) = request.text("title").filter(|title| !title.is_empty()) else {
        return refuse(400, "title: required key not provided");
    };
    let body = request.text("description").unwrap_or(&pull.body);
    if let Some(refused) = too_long(title, body) {
        return refused;
    }
    let reviewers = request.body["reviewers"].as_array().cloned().unwrap_or_default();
    let mut names = Vec::new();
    for reviewer in reviewers {
        let id = reviewer["account_id"].as_str().or(reviewer["uuid"].as_str()).unwrap_or_default();
        match people.iter().find(|name| *name == id.trim_matches(['{', '}'])) {
            Some(name) => add_missing(&mut names, [name.clone()]),
            None => return refuse(400, "reviewers: Malformed reviewers list"),
        }
    }
    (pull.title, pull.body, pull.reviewers) = (title.to_owned(), body.to_owned(), names);
    if let Some(base) = request.body["destination"]["branch"]["name"].as_str() {
        base.clone_into(&mut pull.base);
    }
    Answer::new(200, view(site, pull))
}

fn too_long(title: &str, body: &str) -> Option<Answer> {
    (title.chars().count() > 255 || body.chars().count() > 32_768)
        .then(|| refuse(400, "title or description: too long"))
}

fn refuse(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({"type": "error", "error": {"message": message}}))
}

fn word(pull: &Pull) -> &'static str {
    match pull.state {
        State::Open => "OPEN",
        State::Merged => "MERGED",
        State::Closed => "DECLINED",
    }
}

fn comment(comment: &Comment) -> Value {
    json!({"type": "pullrequest_comment", "id": comment.id, "content": {"raw": comment.text}})
}

fn user(name: &str) -> Value {
    json!({"type": "user", "uuid": format!("{{{name}}}"), "account_id": name, "display_name": name})
}

fn repository(fork: bool) -> Value {
    json!({"type": "repository", "full_name": if fork { "stranger/gitops" } else { BITBUCKET_CLOUD.repository }, "name": "gitops"})
}

fn view(site: &str, pull: &Pull) -> Value {
    let html = format!("{site}/{}/pull-requests/{}", BITBUCKET_CLOUD.repository, pull.number);
    json!({
        "type": "pullrequest", "id": pull.number, "title": pull.title, "description": pull.body, "state": word(pull),
        "draft": pull.draft, "links": {"html": {"href": html}}, "author": user("tagboat-bot"),
        "source": {"branch": {"name": pull.head}, "commit": {"hash": &pull.sha[..12]}, "repository": repository(pull.fork)},
        "destination": {"branch": {"name": pull.base}, "repository": repository(false)},
        "reviewers": pull.reviewers.iter().map(|name| user(name)).collect::<Vec<_>>(),
        "created_on": "2026-01-02T03:04:05Z", "updated_on": "2026-01-02T03:04:05Z",
    })
}
