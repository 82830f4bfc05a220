//! GitLab's API over a [`CodeHost`], with GitLab's error messages. The project is in a subgroup.

use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, Pull, Refused, State, add_missing};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::spec::Description;

pub(crate) static GITLAB: Vendor = Vendor {
    name: "gitlab",
    root: "/api/v4",
    undescribed: "",
    repository: "acme/platform/gitops",
    described: Description {
        file: "gitlab.yaml",
        accepts_null: false,
        paths: &["/merge_requests", "projects/{id}\":"],
        also: &[],
        wrapped: None,
        mistyped: &[
            "labels",
            "draft",
            "source_project_id",
            "target_project_id",
            "reviewers",
            "assignees",
            "access_level",
            "merge_when_pipeline_succeeds",
            "notification_level",
        ],
    },
    person: str::to_owned,
    closes_with_branch: true,
    lists_descriptions: true,
    renaming: Renaming::ReadsOnly {
        route: |name| format!("/projects/{}", name.replace('/', "%2F")),
        id: "/projects/7",
    },
    answer,
};

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let bearer = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
    if ![TOKEN, READER].contains(&bearer) {
        return Answer::new(401, json!({"message": "401 Unauthorized"}));
    }
    let writes = request.method != "GET";
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(2).collect();
    match (request.method.as_str(), &path[..]) {
        ("GET", ["user"]) => Answer::new(200, user("tagboat-bot")).header("ratelimit-remaining", "1990"),
        ("GET", ["users"]) => {
            let name = request.parameter("username").unwrap_or_default();
            let found = host.people.iter().filter(|person| *person == name);
            Answer::new(200, found.map(|name| user(name)).collect())
        }
        (_, ["projects", project, ..]) if *project != GITLAB.repository => {
            Answer::new(404, json!({"message": "404 Project Not Found"}))
        }
        (_, ["projects", ..]) if writes && bearer == READER => Answer::new(
            403,
            json!({"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api"}),
        ),
        ("GET", ["projects", _]) => Answer::new(
            200,
            json!({
                "id": 7, "path_with_namespace": GITLAB.repository, "archived": host.archived, "default_branch": "main",
                "permissions": {"project_access": {"access_level": 30, "notification_level": 3}, "group_access": null},
            }),
        ),
        ("GET", ["projects", _, "merge_requests"]) => list(site, host, request),
        ("POST", ["projects", _, "merge_requests"]) => open(site, host, request),
        (method, ["projects", _, "merge_requests", number, rest @ ..]) => {
            let people = host.people.clone();
            let Some(pull) = number.parse().ok().and_then(|number| host.pull(number)) else {
                return Answer::new(404, json!({"message": "404 Not found"}));
            };
            match (method, rest) {
                ("GET", []) => Answer::new(200, view(site, pull)),
                ("PUT", []) => change(site, pull, &people, request),
                ("PUT", ["merge"]) => merge(site, pull, request),
                ("GET", ["notes"]) => Answer::new(200, pull.comments.iter().rev().map(note).collect()),
                ("DELETE", ["notes", id]) if pull.delete_comment(id) => Answer::new(204, Value::Null),
                ("POST", ["notes"]) => match request.text("body") {
                    Some(text) if !text.is_empty() => Answer::new(201, note(pull.comment(text))),
                    _ => Answer::new(400, json!({"error": "body is missing"})),
                },
                _ => Answer::new(404, json!({"error": "404 Not Found"})),
            }
        }
        _ => Answer::new(404, json!({"error": "404 Not Found"})),
    }
}

fn list(site: &str, host: &CodeHost, request: &Request) -> Answer {
    let state = request.parameter("state").unwrap_or("all");
    let branch = request.parameter("source_branch");
    let per_page: usize = request.parameter("per_page").map_or(20, |n| n.parse().unwrap()).min(100);
    let page: usize = request.parameter("page").map_or(1, |n| n.parse().unwrap());
    let fits =
        |pull: &&Pull| (state == "all" || state == word(pull)) && branch.is_none_or(|branch| branch == pull.head);
    let found: Vec<&Pull> = host.pulls.iter().rev().filter(fits).collect();
    let shown = found.iter().skip((page - 1) * per_page).take(per_page);
    let next = if found.len() > page * per_page { (page + 1).to_string() } else { String::new() };
    Answer::new(200, shown.map(|pull| view(site, pull)).collect()).header("x-next-page", &next)
}

fn open(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let text = |field| request.text(field).unwrap_or_default();
    for field in ["source_branch", "target_branch", "title"] {
        if text(field).is_empty() {
            return Answer::new(400, json!({"error": format!("{field} is missing")}));
        }
    }
    if let Some(refused) = too_long(request) {
        return refused;
    }
    let (head, base) = (text("source_branch"), text("target_branch"));
    match host.open(head, base, text("title"), text("description")) {
        Ok(pull) => {
            pull.labels.extend(request.texts("labels"));
            pull.draft = pull.title.starts_with("Draft: ");
            Answer::new(201, view(site, pull))
        }
        Err(Refused::Exists(number)) => {
            let message = format!("Another open merge request already exists for this source branch: !{number}");
            Answer::new(409, json!({ "message": [message] }))
        }
        Err(Refused::NoHead) => {
            Answer::new(400, json!({"message": {"base": [format!("Source branch \"{head}\" does not exist")]}}))
        }
        Err(Refused::NoBase) => {
            Answer::new(400, json!({"message": {"base": [format!("Target branch \"{base}\" does not exist")]}}))
        }
        Err(Refused::NoCommits) => Answer::new(400, json!({"message": "no commits"})),
    }
}

fn change(site: &str, pull: &mut Pull, people: &[String], request: &Request) -> Answer {
    if let Some(refused) = too_long(request) {
        return refused;
    }
    if request.body.as_object().is_none_or(serde_json::Map::is_empty) {
        return Answer::new(
            400,
            json!({"error": "assignee_id, description, title are missing, at least one parameter must be provided"}),
        );
    }
    match request.text("state_event") {
        Some("close") if pull.state == State::Open => pull.state = State::Closed,
        Some("reopen") if pull.state == State::Closed => pull.state = State::Open,
        _ => {}
    }
    let text = |field, now: &str| request.text(field).unwrap_or(now).to_owned();
    pull.title = text("title", &pull.title);
    pull.draft = pull.title.starts_with("Draft: ");
    pull.body = text("description", &pull.body);
    pull.base = text("target_branch", &pull.base);
    add_missing(&mut pull.labels, request.texts("add_labels"));
    for (field, names) in [("reviewer_ids", &mut pull.reviewers), ("assignee_ids", &mut pull.assignees)] {
        if let Some(ids) = request.body[field].as_array() {
            // Without a subscription, there is one reviewer and one assignee.
            *names = people.iter().filter(|name| ids.contains(&user(name)["id"])).take(1).cloned().collect();
        }
    }
    Answer::new(200, view(site, pull))
}

fn merge(site: &str, pull: &mut Pull, request: &Request) -> Answer {
    if request.text("sha").is_some_and(|sha| sha != pull.sha) {
        return Answer::new(409, json!({"message": "SHA does not match HEAD of source branch"}));
    }
    if request.body["auto_merge"] == true && pull.pipeline {
        pull.auto_merge = Some(if request.body["squash"] == true { "squash" } else { "merge" }.to_owned());
    } else {
        // There is no pipeline to wait for.
        pull.state = State::Merged;
    }
    Answer::new(200, view(site, pull))
}

fn too_long(request: &Request) -> Option<Answer> {
    [("title", 255), ("description", 1_048_576)].into_iter().find_map(|(field, limit)| {
        (request.text(field)?.chars().count() > limit).then(|| {
            Answer::new(400, json!({"message": {field: [format!("is too long (maximum is {limit} characters)")]}}))
        })
    })
}

fn word(pull: &Pull) -> &'static str {
    match pull.state {
        State::Open => "opened",
        State::Merged => "merged",
        State::Closed => "closed",
    }
}

fn note(comment: &Comment) -> Value {
    json!({"id": comment.id, "body": comment.text, "system": false})
}

fn user(name: &str) -> Value {
    let id = name.bytes().map(u64::from).sum::<u64>();
    json!({"id": id, "username": name, "name": name, "state": "active"})
}

fn view(site: &str, pull: &Pull) -> Value {
    json!({
        "id": 1000 + pull.number, "iid": pull.number, "project_id": 7, "source_project_id": if pull.fork { 8 } else { 7 },
        "target_project_id": 7, "title": pull.title, "description": pull.body, "state": word(pull), "draft": pull.draft,
        "source_branch": pull.head, "target_branch": pull.base, "sha": pull.sha, "labels": pull.labels,
        "web_url": format!("{site}/{}/-/merge_requests/{}", GITLAB.repository, pull.number), "author": user("tagboat-bot"),
        "reviewers": pull.reviewers.iter().map(|name| user(name)).collect::<Vec<_>>(),
        "assignees": pull.assignees.iter().map(|name| user(name)).collect::<Vec<_>>(),
        "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-01-02T03:04:05.000Z", "merge_status": "can_be_merged",
        "merge_when_pipeline_succeeds": pull.auto_merge.is_some(), "head_pipeline": pull.pipeline.then(|| json!({"id": 1, "status": "running"})),
    })
}
