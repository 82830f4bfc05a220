//! GitHub's API over a [`CodeHost`]: the part that Tagboat uses, with GitHub's error messages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, InstalledApp, Pull, Refused, State, add_missing};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::github_graphql as graphql;
use super::spec::Description;

/// The base path of Enterprise Server, so that it is tested, too.
pub(crate) static GITHUB: Vendor = Vendor {
    name: "github",
    root: "/api/v3",
    undescribed: "/api/v3",
    repository: "acme/gitops",
    described: Description {
        file: "github-subset.json",
        accepts_null: true,
        paths: &[],
        also: &[],
        wrapped: None,
        mistyped: &[],
    },
    person: str::to_owned,
    closes_with_branch: true,
    lists_descriptions: true,
    renaming: Renaming::ById { route: |name| format!("/repos/{name}"), id: "/repositories/7" },
    answer,
};

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    // GitHub accepts both words.
    let sent = request.header("authorization").unwrap_or_default();
    let bearer = sent.trim_start_matches("Bearer ").trim_start_matches("token ");
    if bearer.matches('.').count() == 2 {
        return for_app(host, request, bearer);
    }
    let of_app = host.app.as_ref().is_some_and(|app| app.issued > 0 && app.token == bearer);
    let bearer = if of_app { TOKEN } else { bearer };
    if ![TOKEN, READER].contains(&bearer) {
        return refuse(401, "Bad credentials", &[]);
    }
    if request.header("user-agent").is_none() {
        return refuse(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            &[],
        );
    }
    if request.method == "POST" && request.path == "/api/graphql" {
        return graphql::answer(host, request, bearer);
    }
    let writes = request.method != "GET";
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(2).collect();
    let view = View { site };
    match (request.method.as_str(), &path[..]) {
        ("GET", ["user"]) => Answer::new(200, view.user("tagboat-bot")),
        ("GET", ["rate_limit"]) => Answer::new(200, json!({"resources": {"core": {"remaining": 4990}}})),
        (_, ["repos", owner, name, ..]) if format!("{owner}/{name}") != GITHUB.repository => {
            refuse(404, "Not Found", &[])
        }
        (_, ["repos", ..]) if writes && bearer == READER => {
            refuse(403, "Resource not accessible by personal access token", &[])
        }
        (_, ["repos", ..]) if writes && host.archived => refuse(403, "Repository was archived so is read-only.", &[]),
        ("GET", ["repos", _, _]) => {
            let mut repository = view.repository();
            repository["archived"] = json!(host.archived);
            repository["permissions"]["push"] = json!(bearer == TOKEN);
            Answer::new(200, repository)
        }
        ("GET", ["repos", _, _, "pulls"]) => list(&view, host, request),
        ("POST", ["repos", _, _, "pulls"]) => open(&view, host, request),
        ("DELETE", ["repos", _, _, "issues", "comments", id])
            if host.pulls.iter_mut().any(|pull| pull.delete_comment(id)) =>
        {
            Answer::new(204, Value::Null)
        }
        (method, ["repos", _, _, kind @ ("pulls" | "issues"), number, rest @ ..]) => {
            let Some(pull) =
                number.parse::<u64>().ok().and_then(|number| host.pulls.iter().position(|p| p.number == number))
            else {
                return refuse(404, "Not Found", &[]);
            };
            on_pull(&view, host, pull, (method, kind, rest), request)
        }
        _ => refuse(404, "Not Found", &[]),
    }
}

/// Answers a request about one pull request.
fn on_pull(
    view: &View<'_>,
    host: &mut CodeHost,
    pull: usize,
    what: (&str, &str, &[&str]),
    request: &Request,
) -> Answer {
    match what {
        ("GET", "pulls", []) => Answer::new(200, view.pull(&host.pulls[pull])),
        ("PATCH", "pulls", []) => change(view, host, pull, request),
        ("POST", "issues", ["labels"]) => label(view, host, pull, request),
        ("POST", "pulls", ["requested_reviewers"]) => ask(view, host, pull, request),
        ("POST", "issues", ["assignees"]) => assign(view, host, pull, request),
        ("GET", "issues", ["comments"]) => {
            let size = request.parameter("per_page").and_then(|size| size.parse().ok()).unwrap_or(30).min(100);
            let page: usize = request.parameter("page").and_then(|page| page.parse().ok()).unwrap_or(1);
            let comments = host.pulls[pull].comments.iter().skip((page - 1) * size).take(size);
            Answer::new(200, comments.map(|comment| view.comment(comment)).collect())
        }
        ("POST", "issues", ["comments"]) => {
            let Some(text) = request.text("body").filter(|text| !text.is_empty()) else {
                return refuse(422, "Validation Failed", &[("body", "missing_field")]);
            };
            Answer::new(201, view.comment(host.pulls[pull].comment(text)))
        }
        _ => refuse(404, "Not Found", &[]),
    }
}

/// Answers a request that an App signs with a JSON web token.
fn for_app(host: &mut CodeHost, request: &Request, proof: &str) -> Answer {
    let Some(app) = host.app.as_mut().filter(|app| proves(app, proof)) else {
        return refuse(401, "A JSON web token could not be decoded", &[]);
    };
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(2).collect();
    match (request.method.as_str(), &path[..]) {
        ("GET", ["repos", "acme", "gitops", "installation"]) => Answer::new(200, json!({"id": 77})),
        ("POST", ["app", "installations", "77", "access_tokens"]) if request.texts("repositories") == ["gitops"] => {
            app.issued += 1;
            app.token = format!("ghs_{}", app.issued);
            let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(app.lifetime);
            Answer::new(201, json!({"token": app.token, "expires_at": expires.to_string(), "permissions": {}}))
        }
        _ => refuse(404, "Not Found", &[]),
    }
}

/// Returns whether a JSON web token is valid: RS256, issued by the App, for at most ten minutes.
fn proves(app: &InstalledApp, proof: &str) -> bool {
    let (signed, signature) = proof.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let claims = read(claims);
    let (begins, ends) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let rs256 = known.all.iter().filter(|one| one.signature_alg_id() == rustls::pki_types::alg_id::RSA_PKCS1_SHA256);
    read(head)["alg"] == "RS256"
        && claims["iss"] == app.id.as_str()
        && begins <= now
        && ends > now
        && ends - begins <= 600
        && rs256
            .into_iter()
            .any(|one| one.verify_signature(&app.public_key, signed.as_bytes(), &decode(signature)).is_ok())
}

fn list(view: &View<'_>, host: &CodeHost, request: &Request) -> Answer {
    let state = request.parameter("state").unwrap_or("open");
    let per_page: usize = request.parameter("per_page").map_or(30, |n| n.parse().unwrap()).clamp(1, 100);
    let page: usize = request.parameter("page").map_or(1, |n| n.parse().unwrap());
    let head = request.parameter("head").and_then(|head| head.split_once(':'));
    let mut found: Vec<&Pull> =
        host.pulls.iter().filter(|pull| state == "all" || (pull.state == State::Open) == (state == "open")).collect();
    found.retain(|pull| {
        head.is_none_or(|(owner, name)| pull.head == name && owner == if pull.fork { "stranger" } else { "acme" })
    });
    found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
    let shown = found.iter().skip((page - 1) * per_page).take(per_page);
    let answer = Answer::new(200, shown.map(|pull| view.simple(pull)).collect());
    if found.len() > page * per_page {
        let next = format!("<{}{}?page={}>; rel=\"next\"", view.site, request.path, page + 1);
        return answer.header("link", &next);
    }
    answer
}

fn open(view: &View<'_>, host: &mut CodeHost, request: &Request) -> Answer {
    let title = request.text("title").unwrap_or_default();
    let (head, base) = (request.text("head").unwrap_or_default(), request.text("base").unwrap_or_default());
    let body = request.text("body").unwrap_or_default();
    if title.is_empty() {
        return refuse(422, "Validation Failed", &[("title", "missing_field")]);
    }
    if let Some(refused) = too_long(title, body) {
        return refused;
    }
    if request.body["draft"] == true && !host.drafts {
        return refuse(422, "Draft pull requests are not supported in this repository.", &[]);
    }
    let author = host.author.clone();
    match host.open(head, base, title, body) {
        Ok(pull) => {
            pull.draft = request.body["draft"] == true;
            let mut opened = view.pull(pull);
            opened["user"] = view.user(&author);
            Answer::new(201, opened)
        }
        Err(Refused::NoHead) => refuse(422, "Validation Failed", &[("head", "invalid")]),
        Err(Refused::NoBase) => refuse(422, "Validation Failed", &[("base", "invalid")]),
        Err(Refused::NoCommits) => {
            refuse(422, "Validation Failed", &[("", &format!("No commits between {base} and {head}"))])
        }
        Err(Refused::Exists(_)) => {
            refuse(422, "Validation Failed", &[("", &format!("A pull request already exists for acme:{head}."))])
        }
    }
}

fn change(view: &View<'_>, host: &mut CodeHost, pull: usize, request: &Request) -> Answer {
    let (title, body) = (request.text("title"), request.text("body"));
    if let Some(refused) = too_long(title.unwrap_or("x"), body.unwrap_or_default()) {
        return refused;
    }
    if request.text("base").is_some_and(|base| host.bare.head(base).is_none()) {
        return refuse(422, "Validation Failed", &[("base", "invalid")]);
    }
    let has_branch = host.bare.head(&host.pulls[pull].head).is_some();
    let pull = &mut host.pulls[pull];
    match request.text("state") {
        Some("open") if pull.state != State::Open && (pull.state == State::Merged || !has_branch) => {
            return refuse(422, "Validation Failed", &[("", "state cannot be changed. The branch has been deleted.")]);
        }
        Some("open") => pull.state = State::Open,
        Some("closed") if pull.state == State::Open => pull.state = State::Closed,
        _ => {}
    }
    pull.title = title.unwrap_or(&pull.title).to_owned();
    pull.body = body.unwrap_or(&pull.body).to_owned();
    pull.base = request.text("base").unwrap_or(&pull.base).to_owned();
    Answer::new(200, view.pull(pull))
}

fn label(view: &View<'_>, host: &mut CodeHost, pull: usize, request: &Request) -> Answer {
    let names = request.texts("labels");
    if names.iter().any(|name| name.chars().count() > 50) {
        return refuse(422, "Validation Failed", &[("name", "is too long (maximum is 50 characters)")]);
    }
    for name in names {
        if !host.pulls[pull].labels.contains(&name) {
            host.pulls[pull].labels.push(name);
        }
    }
    Answer::new(200, host.pulls[pull].labels.iter().map(|label| view.label(label)).collect())
}

fn ask(view: &View<'_>, host: &mut CodeHost, pull: usize, request: &Request) -> Answer {
    let (people, teams) = (request.texts("reviewers"), request.texts("team_reviewers"));
    if people.iter().any(|name| name == "tagboat-bot") {
        return refuse(422, "Review cannot be requested from pull request author.", &[]);
    }
    if !people.iter().chain(&teams).all(|name| host.people.contains(name)) {
        let message = "Reviews may only be requested from collaborators. One or more of the users or teams you \
                       specified is not a collaborator of the acme/gitops repository.";
        return refuse(422, message, &[]);
    }
    add_missing(&mut host.pulls[pull].reviewers, people);
    host.pulls[pull].teams.extend(teams);
    Answer::new(201, view.simple(&host.pulls[pull]))
}

/// "Users without push access to a repository cannot be assigned and are silently ignored."
fn assign(view: &View<'_>, host: &mut CodeHost, pull: usize, request: &Request) -> Answer {
    let known = request.texts("assignees").into_iter().filter(|name| host.people.contains(name));
    host.pulls[pull].assignees.extend(known);
    Answer::new(201, view.issue(&host.pulls[pull]))
}

fn too_long(title: &str, body: &str) -> Option<Answer> {
    let (title, body) = (title.chars().count() > 256, body.chars().count() > 65_536);
    let field = if title {
        ("title", "is too long (maximum is 256 characters)")
    } else {
        ("body", "is too long (maximum is 65536 characters)")
    };
    (title || body).then(|| refuse(422, "Validation Failed", &[field]))
}

fn refuse(status: u16, message: &str, fields: &[(&str, &str)]) -> Answer {
    let error = |(field, code): &(&str, &str)| {
        if field.is_empty() {
            json!({"resource": "PullRequest", "code": "custom", "message": code})
        } else {
            json!({"resource": "PullRequest", "field": field, "code": code})
        }
    };
    let errors: Vec<Value> = fields.iter().map(error).collect();
    let documentation = "https://docs.github.com/rest";
    let mut body = json!({"message": message, "documentation_url": documentation, "status": status.to_string()});
    if !errors.is_empty() {
        body["errors"] = json!(errors);
    }
    Answer::new(status, body)
}

/// Resources in the form of the API, from `fixtures/forge/github`.
struct View<'a> {
    site: &'a str,
}

impl View<'_> {
    fn fill(&self, template: &str, values: &[(&str, &str)]) -> Value {
        let mut text = template
            .replace("@API@", &format!("{}/api/v3", self.site))
            .replace("@SITE@", self.site)
            .replace("@HOST@", "127.0.0.1")
            .replace("@REPOSITORY@", GITHUB.repository)
            .replace("@NAME@", "gitops");
        for (key, value) in values {
            text = text.replace(&format!("@{key}@"), value);
        }
        serde_json::from_str(&text).unwrap()
    }

    fn user(&self, login: &str) -> Value {
        self.fill(include_str!("../../../fixtures/forge/github/user.json"), &[("LOGIN", login)])
    }

    fn comment(&self, comment: &Comment) -> Value {
        json!({"id": comment.id, "body": comment.text, "user": self.user("tagboat-bot")})
    }

    fn label(&self, name: &str) -> Value {
        self.fill(include_str!("../../../fixtures/forge/github/label.json"), &[("LABEL", name)])
    }

    fn repository(&self) -> Value {
        let mut repository = self.fill(include_str!("../../../fixtures/forge/github/repository.json"), &[]);
        repository["owner"] = self.user("acme");
        repository
    }

    fn issue(&self, pull: &Pull) -> Value {
        let number = pull.number.to_string();
        let mut issue = self.fill(include_str!("../../../fixtures/forge/github/issue.json"), &[("NUMBER", &number)]);
        issue["number"] = json!(pull.number);
        issue["user"] = self.user("tagboat-bot");
        issue["assignees"] = pull.assignees.iter().map(|name| self.user(name)).collect();
        issue
    }

    fn pull(&self, pull: &Pull) -> Value {
        let number = pull.number.to_string();
        let values = [("NUMBER", number.as_str()), ("SHA", pull.sha.as_str())];
        let mut view = self.fill(include_str!("../../../fixtures/forge/github/pull.json"), &values);
        let (mut ours, mut theirs) = (self.repository(), self.repository());
        ours["permissions"] = Value::Null;
        theirs["id"] = json!(if pull.fork { 777 } else { 4242 });
        for repository in [&mut ours, &mut theirs] {
            repository.as_object_mut().unwrap().remove("permissions");
        }
        let owner = if pull.fork { "stranger" } else { "acme" };
        view["head"] = json!({"label": format!("{owner}:{}", pull.head), "ref": pull.head, "sha": pull.sha,
                              "user": self.user(owner), "repo": theirs});
        view["base"] = json!({"label": format!("acme:{}", pull.base), "ref": pull.base, "sha": pull.sha,
                              "user": self.user("acme"), "repo": ours});
        view["number"] = json!(pull.number);
        view["id"] = json!(900_000 + pull.number);
        view["user"] = self.user("tagboat-bot");
        view["title"] = json!(pull.title);
        view["body"] = if pull.body.is_empty() { Value::Null } else { json!(pull.body) };
        view["state"] = json!(if pull.state == State::Open { "open" } else { "closed" });
        view["draft"] = json!(pull.draft);
        view["merged"] = json!(pull.state == State::Merged);
        if pull.state != State::Open {
            view["closed_at"] = json!("2026-01-03T03:04:05Z");
        }
        if pull.state == State::Merged {
            view["merged_at"] = json!("2026-01-03T03:04:05Z");
        }
        view["labels"] = pull.labels.iter().map(|name| self.label(name)).collect();
        view["requested_reviewers"] = pull.reviewers.iter().map(|name| self.user(name)).collect();
        view["assignees"] = pull.assignees.iter().map(|name| self.user(name)).collect();
        let team = include_str!("../../../fixtures/forge/github/team.json");
        view["requested_teams"] = pull.teams.iter().map(|name| self.fill(team, &[("TEAM", name)])).collect();
        view
    }

    /// Returns a pull request as in lists, without the fields of the single one.
    fn simple(&self, pull: &Pull) -> Value {
        let mut view = self.pull(pull);
        let only_single = [
            "additions",
            "changed_files",
            "comments",
            "commits",
            "deletions",
            "mergeable",
            "mergeable_state",
            "merged",
            "maintainer_can_modify",
            "merged_by",
            "review_comments",
        ];
        only_single.iter().for_each(|field| drop(view.as_object_mut().unwrap().remove(*field)));
        view
    }
}
