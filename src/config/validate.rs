//! From [`Schema`] to [`Config`]: every value is checked, and every problem is reported.

use super::config::{
    CommitWay, Config, ForgeSettings, GitSettings, IGNORE, MergeMethod, Mode, Paths, PullRequests, RepositoryConfig,
    Rule, SignSettings,
};
use super::error::Problem;
use super::files::ConfigFiles;
use super::manifests::{declared_globs, manifests};
use super::policies::policies;
use super::registries::{check_variable, limits, registries};
use super::schema::{
    AuthorSchema, ForgeSchema, GitSchema, PathsSchema, PullRequestsSchema, RuleSchema, Schema, SignSchema,
};
use super::syntax::located::Located;
use super::unreachable::unreachable;
use super::values::duration::checked_duration;
use super::values::names::{checked_names, checked_text};
use super::values::patterns::{PatternError, Patterns, image_pattern, path_pattern};
use super::values::schedule::schedule;
use super::values::template::{BRANCH_NAMES, GROUP_NAMES, TEXT_NAMES, Template, check_branch, check_template};
use crate::docs::page;
use crate::image::Platform;
use crate::policy::{Gates, POLICIES, Pinning};
use crate::refname::BranchName;

/// Checks every value. `forges` are the values of `forge.kind`; `None` accepts every name. The result is valid only if no problem
/// was added.
pub(super) fn validate(
    schema: Schema,
    files: ConfigFiles<'_>,
    forges: Option<&[&str]>,
    problems: &mut Vec<Problem>,
) -> Config {
    let policies = policies(&schema.policies, files, problems);
    let names: Vec<&str> = policies.keys().map(String::as_str).chain([IGNORE]).collect();
    let declared_globs = declared_globs(&schema, files);
    let rules = schema.rules.unwrap_or_default();
    for mode in rules.iter().filter_map(|rule| rule.value.mode.as_ref()).filter(|mode| mode.value == "commit") {
        if schema.git.base.is_none() {
            let problem = Problem::new(mode.place, "missing `git.base`, which `mode: commit` needs");
            let problem = problem.hint("name the base branch: `git: { base: main }`");
            problems.push(problem.documented_at(page!("pull-requests.md#direct-commits")));
        }
    }
    let is_for_images = |name: &str| policies.get(name).is_some_and(|named| named.entry.policy.is_for_images());
    let unreachable_rules = unreachable(&rules, is_for_images, files);
    Config {
        paths: paths(schema.paths, problems),
        declared_globs,
        unreachable_rules,
        own_files: Vec::new(),
        manifests: manifests(schema.manifests, problems),
        rules: rules.into_iter().map(|written| rule(written, files, &names, problems)).collect(),
        pull_requests: pull_requests(schema.pull_requests, files, problems),
        registries: registries(schema.registries, files, problems),
        limits: limits(schema.limits, problems),
        git: git(schema.git, files, problems),
        forge: forge(schema.forge, files, forges, problems),
        policies,
        repository_config: one_of(
            schema.repository_config.as_ref(),
            "value of `repository-config`:",
            &RepositoryConfig::ALL,
            problems,
        )
        .unwrap_or_default(),
        folder: files.folder(files.0.len().saturating_sub(1)),
    }
}

type Read<T> = fn(&str) -> Result<T, PatternError>;

fn patterns(written: &[Located<String>], read: Read<globset::Glob>, problems: &mut Vec<Problem>) -> Patterns {
    let mut globs = Vec::new();
    let note = |error: PatternError, at: &Located<String>, problems: &mut Vec<Problem>| {
        problems.push(Problem::new(at.place, error.to_string()).hint(error.hint()));
    };
    for text in written {
        match read(&text.value) {
            Ok(glob) => globs.push(glob),
            Err(error) => note(error, text, problems),
        }
    }
    Patterns::new(globs).unwrap_or_else(|error| {
        written.first().into_iter().for_each(|first| note(error.clone(), first, problems));
        Patterns::nothing()
    })
}

fn everything_or(
    written: Option<Vec<Located<String>>>,
    read: Read<globset::Glob>,
    problems: &mut Vec<Problem>,
) -> Patterns {
    written.map_or_else(Patterns::everything, |written| patterns(&written, read, problems))
}

fn paths(written: PathsSchema, problems: &mut Vec<Problem>) -> Paths {
    Paths {
        include: everything_or(written.include, path_pattern, problems),
        exclude: patterns(&written.exclude, path_pattern, problems),
    }
}

fn rule(written: Located<RuleSchema>, files: ConfigFiles<'_>, names: &[&str], problems: &mut Vec<Problem>) -> Rule {
    let Located { value: written, place } = written;
    let names_policy = written.policy.is_some();
    let policy = written.policy.map_or_else(
        || super::config::SHAPE.to_owned(),
        |policy| {
            if !names.contains(&policy.value.as_str()) {
                problems.push(unknown_policy(&policy, names));
            }
            policy.value
        },
    );
    let min_age = checked_duration(written.min_age.as_ref(), problems);
    let mut platforms = Vec::new();
    for text in &written.platforms {
        match Platform::new(&text.value) {
            Ok(platform) => platforms.push(platform),
            Err(error) => {
                let hint = if text.value.contains('/') {
                    "write the system, the architecture and, if needed, its variant: `linux/arm/v7`".to_owned()
                } else {
                    format!("write `linux/{}`", text.value)
                };
                problems.push(Problem::new(text.place, error.to_string()).hint(hint));
            }
        }
    }
    Rule {
        images: everything_or(written.images, image_pattern, problems),
        paths: everything_or(written.paths, path_pattern, problems),
        policy,
        names_policy,
        gates: Gates { min_age, platforms },
        pinning: pinning(written.pin.as_ref(), problems),
        comments: written.update_comments.unwrap_or(false),
        mode: one_of(written.mode.as_ref(), "mode", &Mode::ALL, problems),
        source: files.line(place),
        written_by: files.source(place),
    }
}

fn pinning(written: Option<&Located<serde_json::Value>>, problems: &mut Vec<Problem>) -> Pinning {
    let Some(Located { value, place }) = written else { return Pinning::Keep };
    match value {
        serde_json::Value::Bool(false) => Pinning::Keep,
        serde_json::Value::Bool(true) => Pinning::Add,
        serde_json::Value::String(word) if word == "follow" => Pinning::Follow,
        other => {
            let problem =
                format!("`pin`: expected `true`, `false` or `follow`, found `{}`", other.to_string().trim_matches('"'));
            problems.push(Problem::new(*place, problem).hint("write `pin: true`, `pin: false` or `pin: follow`"));
            Pinning::Keep
        }
    }
}

/// Returns the problem of a name that no policy has. The name may be a kind of policy, whose settings are missing.
fn unknown_policy(name: &Located<String>, names: &[&str]) -> Problem {
    match POLICIES.iter().find(|kind| kind.key == name.value) {
        Some(kind) => Problem::new(name.place, format!("unknown policy `{}`", name.value))
            .hint(format!("define it under `policies:` with its settings, as in `{}`", kind.example))
            .documented_at(page!("policies.md#all-policies")),
        None => Problem::unknown(name.place, "policy", &name.value, names.iter().copied())
            .documented_at(page!("configuration.md#rules")),
    }
}

fn pull_requests(written: PullRequestsSchema, files: ConfigFiles<'_>, problems: &mut Vec<Problem>) -> PullRequests {
    let default = PullRequests::default();
    if let Some(group) = &written.group {
        check_group(group, problems);
    }
    if let Some(prefix) = &written.branch_prefix {
        // Tagboat deletes branches with its prefix, so without one every branch would be its own.
        let error = match BranchName::new(&format!("{}x", prefix.value)) {
            Ok(_) if prefix.value.is_empty() => {
                Some("`branch-prefix`: expected the start of branch names, found an empty text".to_owned())
            }
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        let hint = "write the start of all branch names, as in `branch-prefix: tagboat/`";
        problems.extend(error.map(|error| Problem::new(prefix.place, error).hint(hint)));
    }
    if let Some(branch) = &written.branch {
        check_template(branch, BRANCH_NAMES, problems);
        let prefix = written.branch_prefix.as_ref().map_or(&default.branch_prefix, |prefix| &prefix.value);
        check_branch(branch, prefix, problems);
    }
    for template in [&written.title, &written.body, &written.commit_message].into_iter().flatten() {
        check_template(template, TEXT_NAMES, problems);
    }
    for (key, max) in [("max-open", &written.max_open), ("max-per-run", &written.max_per_run)] {
        if let Some(max) = max.as_ref().filter(|max| max.value == 0) {
            let hint = format!("write `{key}: 1` or more; to open no pull request, run `tagboat plan`");
            let problem = Problem::new(max.place, format!("`{key}`: expected at least 1, found 0")).hint(hint);
            problems.push(problem.documented_at(page!("pull-requests.md#schedule-and-limits")));
        }
    }
    let template = |written: Option<Located<String>>| written.map(|text| Template::written(text, files));
    let mut names = |key: &str, example: &str, written: Option<Vec<Located<String>>>| {
        written.map(|written| checked_names(key, example, written, problems))
    };
    PullRequests {
        group: template(written.group).map_or(default.group, written_out),
        branch_prefix: written.branch_prefix.map_or(default.branch_prefix, |prefix| prefix.value),
        branch: template(written.branch),
        title: template(written.title),
        body: template(written.body),
        commit_message: template(written.commit_message),
        labels: names("labels", "deploy", written.labels).unwrap_or_default(),
        reviewers: names("reviewers", "octocat", written.reviewers).unwrap_or_default(),
        team_reviewers: names("team-reviewers", "platform", written.team_reviewers).unwrap_or_default(),
        assignees: names("assignees", "octocat", written.assignees).unwrap_or_default(),
        draft: written.draft.unwrap_or(default.draft),
        max_open: written.max_open.map_or(default.max_open, |max| max.value as usize),
        max_per_run: written.max_per_run.map(|max| max.value as usize),
        hold_labels: names("hold-labels", "\"tagboat:hold\"", written.hold_labels).unwrap_or(default.hold_labels),
        schedule: schedule(written.schedule.unwrap_or_default(), problems),
        auto_merge: one_of(written.auto_merge.as_ref(), "merge method", &MergeMethod::ALL, problems),
    }
}

/// Returns the meaning of a word, and reports an unknown one.
fn one_of<T: Copy>(
    written: Option<&Located<String>>,
    what: &str,
    known: &[(&str, T)],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let written = written?;
    let found = known.iter().find(|(word, _)| *word == written.value).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let words = known.iter().map(|(word, _)| *word);
        problems.push(Problem::unknown(written.place, what, &written.value, words));
    }
    found
}

/// Replaces a word that is short for a template.
fn written_out(group: Template) -> Template {
    match group.text.as_str() {
        "image" => Template { text: "{{ image }}".to_owned(), ..group },
        _ => group,
    }
}

fn check_group(group: &Located<String>, problems: &mut Vec<Problem>) {
    match group.value.as_str() {
        "image" | "all" => {}
        template if template.contains("{{") || template.contains("{%") => {
            check_template(group, GROUP_NAMES, problems);
        }
        other => {
            let hint = "write `image`, `all`, or a template: `group: \"{{ path_dir }}\"`";
            problems.push(Problem::new(group.place, format!("invalid group `{other}`")).hint(hint));
        }
    }
}

fn git(written: GitSchema, files: ConfigFiles<'_>, problems: &mut Vec<Problem>) -> GitSettings {
    let default = GitSettings::default();
    let base = written.base.and_then(|base| {
        let note = |error: crate::refname::RefNameError| {
            problems.push(
                Problem::new(base.place, error.to_string()).hint("write the name of a branch, as in `base: main`"),
            );
        };
        BranchName::new(&base.value).map_err(note).ok()
    });
    GitSettings {
        author: written.author.and_then(|author| checked_author(author, problems)),
        base,
        remote: checked_text("remote", "origin", written.remote, problems).unwrap_or(default.remote),
        commits: one_of(written.commits.as_ref(), "commit method", &CommitWay::ALL, problems),
        sign: written.sign.and_then(|sign| checked_sign(sign, files, problems)),
        pass_env: {
            let names = written.pass_env.unwrap_or_default();
            let section = page!("configuration.md#every-key");
            names.iter().for_each(|name| check_variable(name, "pass-env: [SSH_AUTH_SOCK]", section, problems));
            names.into_iter().map(|name| name.value).collect()
        },
    }
}

/// An author with both parts.
const AUTHOR: &str = "`author: { name: Tagboat, email: bot@example.com }`";

/// Checks an author: both parts or none, and no character that ends a part in git.
fn checked_author(author: AuthorSchema, problems: &mut Vec<Problem>) -> Option<(String, String)> {
    for (what, part) in [("name", &author.name), ("e-mail address", &author.email)] {
        let Some(part) = part else { continue };
        if part.value.trim().is_empty() || part.value.contains(['<', '>', '\n', '\r', '\0']) {
            let problem = Problem::new(part.place, format!("invalid {what} of the author `{}`", part.value));
            problems.push(problem.hint(format!("write one line without `<` and `>`, as in {AUTHOR}")));
        }
    }
    match (author.name, author.email) {
        (Some(name), Some(email)) => Some((name.value, email.value)),
        (Some(only), None) => {
            problems
                .push(Problem::new(only.place, "missing `email` of the author").hint(format!("write both: {AUTHOR}")));
            None
        }
        (None, Some(only)) => {
            problems
                .push(Problem::new(only.place, "missing `name` of the author").hint(format!("write both: {AUTHOR}")));
            None
        }
        (None, None) => None,
    }
}

fn checked_sign(
    written: Located<SignSchema>,
    files: ConfigFiles<'_>,
    problems: &mut Vec<Problem>,
) -> Option<SignSettings> {
    let Located { value: SignSchema { format, key }, place } = written;
    let (Some(format), Some(key)) = (format, key.filter(|key| !key.value.trim().is_empty())) else {
        let problem = Problem::new(place, "missing `format` or `key`");
        let problem = problem.hint("write both: `sign: { format: ssh, key: keys/tagboat }`");
        problems.push(problem.documented_at(page!("configuration.md#commits-and-signatures")));
        return None;
    };
    let format = one_of(Some(&format), "signature format", &SignSettings::FORMATS, problems)?;
    // An SSH key is a file. Other formats name a key in their own keyring.
    let key = match format {
        "ssh" => files.path(key).value.display().to_string(),
        _ => key.value,
    };
    Some(SignSettings { format, key })
}

fn forge(
    written: ForgeSchema,
    files: ConfigFiles<'_>,
    forges: Option<&[&str]>,
    problems: &mut Vec<Problem>,
) -> ForgeSettings {
    if let (Some(kind), Some(forges)) = (&written.kind, forges)
        && !forges.contains(&kind.value.as_str())
    {
        let problem = Problem::unknown(kind.place, "kind of forge", &kind.value, forges.iter().copied());
        problems.push(problem.documented_at(page!("forges.md#forges")));
    }
    if let Some(url) = &written.url {
        match url::Url::parse(&url.value) {
            Ok(read) if !read.username().is_empty() || read.password().is_some() || read.query().is_some() => {
                let problem = Problem::new(url.place, "invalid forge URL: it contains credentials or a query");
                let problem = problem.hint("remove them, and set `TAGBOAT_FORGE_TOKEN`");
                problems.push(problem.documented_at(page!("forges.md#tokens")));
            }
            Ok(read) if matches!(read.scheme(), "http" | "https") => {}
            _ => {
                let problem = Problem::new(url.place, "invalid forge URL");
                let problem =
                    problem.hint("write the address of the server or of its API, as in `url: https://git.example.com`");
                problems.push(problem.documented_at(page!("forges.md#other-servers")));
            }
        }
    }
    ForgeSettings {
        kind: written.kind.map(|kind| files.setting(kind)),
        url: written.url.map(|url| files.setting(url)),
        repository: checked_text("repository", "acme/manifests", written.repository, problems),
        folder: written.folder.map(|folder| files.path(folder)),
    }
}
