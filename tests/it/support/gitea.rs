//! The API of Gitea and Forgejo over a [`CodeHost`], with their error messages.

use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, Pull, Refused, State, add_missing};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::spec::Description;

pub(crate) static GITEA: Vendor = Vendor {
    name: "gitea",
    root: "/api/v1",
    undescribed: "",
    repository: "acme/gitops",
    described: Description {
        file: "forgejo.json",
        accepts_null: false,
        paths: &[],
        also: &[],
        wrapped: None,
        mistyped: &[],
    },
    person: str::to_owned,
    closes_with_branch: true,
    lists_descriptions: true,
    renaming: Renaming::ByName { route: |name| format!("/repos/{name}") },
    answer,
};

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("token ");
    if ![TOKEN, READER].contains(&token) {
        return refuse(401, "invalid username, password or token");
    }
    let writes = request.method != "GET";
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(2).collect();
    match (request.method.as_str(), &path[..]) {
        ("GET", ["user"]) => Answer::new(200, user("tagboat-bot")),
        (_, ["repos", owner, name, ..]) if format!("{owner}/{name}") != GITEA.repository => {
            refuse(404, "The target couldn't be found.")
        }
        (_, ["repos", ..]) if writes && token == READER => {
            refuse(403, "token does not have at least one of required scope(s): [write:repository]")
        }
        (_, ["repos", ..]) if writes && host.archived => refuse(423, "acme/gitops is archived"),
        ("GET", ["repos", _, _]) => Answer::new(
            200,
            json!({
                "id": 7, "full_name": GITEA.repository, "archived": host.archived,
                "permissions": {"admin": false, "push": token == TOKEN, "pull": true},
            }),
        ),
        ("GET", ["repos", _, _, "pulls"]) => list(site, host, request),
        ("POST", ["repos", _, _, "pulls"]) => open(site, host, request),
        ("DELETE", ["repos", _, _, "issues", "comments", id])
            if host.pulls.iter_mut().any(|pull| pull.delete_comment(id)) =>
        {
            Answer::new(204, Value::Null)
        }
        (method, ["repos", _, _, kind @ ("pulls" | "issues"), number, rest @ ..]) => {
            let (people, labels) = (host.people.clone(), host.labels.clone());
            let Some(pull) = number.parse().ok().and_then(|number| host.pull(number)) else {
                return refuse(404, "The target couldn't be found.");
            };
            on_pull(site, pull, (&people, &labels), (method, kind, rest), request)
        }
        _ => refuse(404, "The target couldn't be found."),
    }
}

/// Answers a request about one pull request, in a repository with these people and labels.
fn on_pull(
    site: &str,
    pull: &mut Pull,
    (people, labels): (&[String], &[String]),
    what: (&str, &str, &[&str]),
    request: &Request,
) -> Answer {
    match what {
        ("GET", "pulls", []) => Answer::new(200, view(site, pull)),
        ("PATCH", "pulls", []) => change(site, pull, people, request),
        ("POST", "issues", ["labels"]) => {
            let known = request.texts("labels").into_iter().filter(|name| labels.contains(name));
            add_missing(&mut pull.labels, known);
            Answer::new(200, pull.labels.iter().map(|name| label(name)).collect())
        }
        ("POST", "pulls", ["requested_reviewers"]) => {
            let (users, teams) = (request.texts("reviewers"), request.texts("team_reviewers"));
            if let Some(name) = users.iter().chain(&teams).find(|name| !people.contains(name)) {
                return refuse(404, &format!("user does not exist [uid: 0, name: {name}]"));
            }
            add_missing(&mut pull.reviewers, users);
            pull.teams.extend(teams);
            Answer::new(201, json!([]))
        }
        ("POST", "pulls", ["merge"]) => {
            if request.text("head_commit_id").is_some_and(|head| head != pull.sha) {
                return refuse(409, "head target does not match");
            }
            if request.body["merge_when_checks_succeed"] == true && pull.pipeline {
                pull.auto_merge = request.text("Do").map(str::to_owned);
            } else {
                pull.state = State::Merged;
            }
            Answer::new(200, Value::Null)
        }
        ("GET", "issues", ["timeline"]) => {
            let kinds: &[&str] = match (request.parameter("page"), &pull.auto_merge) {
                (Some("1"), Some(_)) => &["pull_push", "pull_cancel_scheduled_merge", "pull_scheduled_merge"],
                (Some("1"), None) => &["pull_scheduled_merge", "pull_cancel_scheduled_merge", "comment"],
                _ => &[],
            };
            Answer::new(200, kinds.iter().map(|kind| json!({"id": 1, "type": kind})).collect())
        }
        ("GET", "issues", ["comments"]) => {
            let comments = pull.comments.iter().map(comment).collect::<Vec<_>>();
            Answer::new(200, json!(comments))
        }
        ("POST", "issues", ["comments"]) => {
            let text = request.text("body").unwrap_or_default();
            if text.is_empty() {
                return refuse(422, "[Body]: Required");
            }
            Answer::new(201, comment(pull.comment(text)))
        }
        _ => refuse(404, "The target couldn't be found."),
    }
}

fn list(site: &str, host: &CodeHost, request: &Request) -> Answer {
    let state = request.parameter("state").unwrap_or("open");
    let head = request.parameter("head");
    let limit: usize = request.parameter("limit").map_or(30, |n| n.parse().unwrap()).min(50);
    let page: usize = request.parameter("page").map_or(1, |n| n.parse().unwrap());
    let fits = |pull: &&Pull| {
        (state == "all" || (state == "open") == (pull.state == State::Open))
            && head.is_none_or(|head| head == pull.head)
    };
    let found: Vec<&Pull> = host.pulls.iter().rev().filter(fits).collect();
    let shown = found.iter().skip((page - 1) * limit).take(limit);
    let answer = Answer::new(200, shown.map(|pull| view(site, pull)).collect());
    answer.header("x-total-count", &found.len().to_string())
}

fn open(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let text = |field| request.text(field).unwrap_or_default();
    if text("title").is_empty() {
        return refuse(422, "[Title]: Required");
    }
    if text("title").chars().count() > 255 {
        return refuse(422, "[Title]: MaxSize");
    }
    let (head, base) = (text("head"), text("base"));
    match host.open(head, base, text("title"), text("body")) {
        Ok(pull) => {
            pull.draft = pull.title.starts_with("WIP: ");
            Answer::new(201, view(site, pull))
        }
        Err(Refused::Exists(number)) => refuse(
            409,
            &format!(
                "pull request already exists for these targets [id: {number}, issue_id: {number}, head_branch: {head}, base_branch: {base}]"
            ),
        ),
        Err(Refused::NoHead | Refused::NoBase) => refuse(404, "The target couldn't be found."),
        Err(Refused::NoCommits) => refuse(422, "there are no commits"),
    }
}

fn change(site: &str, pull: &mut Pull, people: &[String], request: &Request) -> Answer {
    if request.text("title").is_some_and(|title| title.chars().count() > 255) {
        return refuse(422, "[Title]: MaxSize");
    }
    if request.body.get("assignees").is_some() {
        let names = request.texts("assignees");
        if let Some(name) = names.iter().find(|name| !people.contains(name)) {
            return refuse(422, &format!("Assignee does not exist: [name: {name}]"));
        }
        pull.assignees = names;
    }
    match request.text("state") {
        Some("closed") if pull.state == State::Open => pull.state = State::Closed,
        Some("open") if pull.state == State::Closed => pull.state = State::Open,
        _ => {}
    }
    let text = |field, now: &str| request.text(field).unwrap_or(now).to_owned();
    pull.title = text("title", &pull.title);
    pull.draft = pull.title.starts_with("WIP: ");
    pull.body = text("body", &pull.body);
    pull.base = text("base", &pull.base);
    Answer::new(201, view(site, pull))
}

fn refuse(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({"message": message, "url": "http://127.0.0.1/api/swagger"}))
}

fn user(name: &str) -> Value {
    json!({"id": 1, "login": name, "full_name": name})
}

fn comment(comment: &Comment) -> Value {
    json!({"id": comment.id, "body": comment.text})
}

fn label(name: &str) -> Value {
    json!({"id": 1, "name": name, "color": "ededed"})
}

fn view(site: &str, pull: &Pull) -> Value {
    let merged = pull.state == State::Merged;
    let (owner, repository) = if pull.fork { ("stranger", 8) } else { ("acme", 7) };
    json!({
        "id": 1000 + pull.number, "number": pull.number, "title": pull.title, "body": pull.body, "draft": pull.draft,
        "state": if pull.state == State::Open { "open" } else { "closed" }, "merged": merged,
        "merged_at": merged.then_some("2026-01-03T03:04:05Z"), "user": user("tagboat-bot"),
        "html_url": format!("{site}/{}/pulls/{}", GITEA.repository, pull.number),
        "labels": pull.labels.iter().map(|name| label(name)).collect::<Vec<_>>(),
        "head": {"label": if pull.fork { format!("{owner}:{}", pull.head) } else { pull.head.clone() }, "ref": pull.head,
                 "sha": pull.sha, "repo_id": repository},
        "base": {"label": pull.base, "ref": pull.base, "sha": pull.sha, "repo_id": 7},
    })
}
