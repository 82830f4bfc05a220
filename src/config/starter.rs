//! Returns a short, commented `tagboat.yaml` for the images in a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::image::{ImageName, Shape, Tag, commit_hash_at};
use crate::text::{count_of, flow_string, visible};

/// The references in a repository, as `init` needs them.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Images, in any order. Those that are ignored by default are not among them.
    pub images: Vec<FoundImage>,
    /// Policies that markers name and that do not exist, as written.
    pub undefined: BTreeSet<String>,
    /// What stays held under the file without these entries.
    pub held: Vec<HeldPlace>,
    /// The number of references that `tagboat list` prints: those of the images, and held or ignored values.
    pub references: usize,
    /// The number of files that have one.
    pub files: usize,
}

/// An image and its tags.
#[derive(Debug, Clone)]
pub struct FoundImage {
    /// The normalized name.
    pub name: ImageName,
    /// Its current tags.
    pub tags: BTreeSet<Tag>,
}

/// A reference that needs a decision of the maintainer.
#[derive(Debug, Clone)]
pub struct HeldPlace {
    /// The image; `None` if the value does not name one.
    pub name: Option<ImageName>,
    /// The file, from the root of the repository.
    pub path: String,
    /// The line in the file, from 1.
    pub line: usize,
    /// Why it is held, as a lower-case fragment.
    pub reason: String,
}

/// How an image is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Update {
    /// By the numbers in the tags.
    Numbers,
    /// By the numbers in the tags, within one major version, because the image holds state.
    SameMajor,
    /// By the build time of the image, because the tags are commits.
    Builds,
    /// The digest of one tag changes, such as `latest`.
    Floating,
    /// Not at all: the tag moves, and the image is local or a placeholder, so that no registry has its digest.
    Ignored,
    /// Not before a person writes a version: the tag moves, and the image holds state.
    Undecided,
}

/// The last part of names of databases, queues and other images that hold state. Their data rarely survives a change to another
/// major version without a migration. docs/command-line.md lists them.
const HOLD_STATE: &[&str] = &[
    "cassandra",
    "clickhouse",
    "clickhouse-server",
    "consul",
    "couchdb",
    "elasticsearch",
    "etcd",
    "influxdb",
    "kafka",
    "mariadb",
    "mongo",
    "mongodb",
    "mysql",
    "neo4j",
    "opensearch",
    "postgis",
    "postgres",
    "postgresql",
    "rabbitmq",
    "redis",
    "timescaledb",
    "valkey",
    "vault",
    "zookeeper",
];

/// Words in place of a real tag, or of a real part of a name.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "custom-tag",
    "dummy",
    "example",
    "local",
    "placeholder",
    "replace-me",
    "replaceme",
    "todo",
    "your-org",
];

/// Top-level domains that no public registry has, of RFC 2606, RFC 6761 and RFC 6762.
const LOCAL_DOMAINS: &[&str] = &["localhost", "local", "test", "example", "invalid"];

/// Second-level domains of RFC 2606.
const EXAMPLE_DOMAINS: &[&str] = &["example.com", "example.net", "example.org"];

impl FoundImage {
    /// Returns how it is updated. One tag with numbers is enough: the others are then held, whereas another policy would stop
    /// updates of that tag.
    fn update(&self) -> Update {
        let tags = || self.tags.iter().map(Tag::as_str);
        let numbers = self.tags.is_empty() || tags().any(|tag| Shape::of(tag).has_order());
        let builds = tags().any(|tag| tag.contains(|c: char| c.is_ascii_digit()));
        match (numbers, self.holds_state()) {
            (true, true) => Update::SameMajor,
            (true, false) => Update::Numbers,
            (false, _) if builds => Update::Builds,
            (false, _) if self.is_local() => Update::Ignored,
            (false, true) => Update::Undecided,
            (false, false) => Update::Floating,
        }
    }

    fn holds_state(&self) -> bool {
        let last = self.name.familiar().rsplit('/').next().unwrap_or_default();
        HOLD_STATE.contains(&last)
    }

    /// Returns whether no registry can have the image: its registry is this machine or an example, or its name or each of its
    /// tags is a placeholder.
    fn is_local(&self) -> bool {
        let registry = self.name.registry();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        let is_example = EXAMPLE_DOMAINS
            .iter()
            .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
        let is_local_host =
            host.starts_with("127.") || host.rsplit('.').next().is_some_and(|last| LOCAL_DOMAINS.contains(&last));
        let is_placeholder = |word: &str| PLACEHOLDERS.contains(&word);
        is_example
            || is_local_host
            || self.name.familiar().split('/').any(is_placeholder)
            || self.tags.iter().all(|tag| is_placeholder(tag.as_str()))
    }

    /// Returns regular expressions that match the builds of this image, and no tags of other kinds: with `3d9b390`, neither
    /// `pr-12` nor `latest`.
    fn build_patterns(&self) -> BTreeSet<String> {
        self.tags.iter().map(|tag| build_pattern(tag.as_str())).collect()
    }
}

/// Returns a regular expression for tags that differ from one only in the commit or in numbers.
fn build_pattern(tag: &str) -> String {
    let mut out = String::from("^");
    let mut rest = tag;
    while let Some(first) = rest.chars().next() {
        let starts_word = !tag[..tag.len() - rest.len()].ends_with(|c: char| c.is_ascii_alphanumeric());
        let hash = if starts_word { commit_hash_at(rest, rest.len() < tag.len()) } else { None };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (length, pattern) = match hash {
            Some(hash) => (hash.len(), format!("{}[0-9a-f]{{7,40}}", if hash.starts_with('g') { "g" } else { "" })),
            None if digits > 0 => (digits, "[0-9]+".to_owned()),
            None if first == '.' => (1, "[.]".to_owned()),
            None => (first.len_utf8(), first.to_string()),
        };
        out.push_str(&pattern);
        rest = &rest[length..];
    }
    out + "$"
}

/// Returns a valid starter configuration. It manages every image, except local ones and placeholders, and stateful images whose
/// tags have no version.
pub fn starter(summary: &Summary) -> String {
    let mut images: Vec<&FoundImage> = summary.images.iter().collect();
    images.sort_by(|a, b| a.name.cmp(&b.name));
    let of = |update: Update| images.iter().copied().filter(|image| image.update() == update).collect::<Vec<_>>();
    let (stateful, floating) = (of(Update::SameMajor), of(Update::Floating));
    let builds = builds(&of(Update::Builds));
    let mut out = heading(summary, &images);
    policies(&mut out, summary, &builds, !stateful.is_empty(), !floating.is_empty());
    out.push_str(
        "\n# Which policy manages which image. The first rule that matches decides; images without a match are ignored.\nrules:\n",
    );
    held(&mut out, &summary.held);
    let local = of(Update::Ignored);
    rule(&mut out, "These images look local or like placeholders: their tags are not looked up.", &local, "ignore");
    for (name, (_, images)) in builds_names(&builds) {
        rule(&mut out, "Tags of these images are commits: the newest build is chosen.", images, &name);
    }
    rule(
        &mut out,
        "Tags of these images move, like latest: the digest beside the tag is updated.",
        &floating,
        "floating",
    );
    rule(&mut out, "These images hold state: a new major version needs a migration.", &stateful, "same-major");
    out.push_str(
        "  # All other images: a tag of the same shape with greater numbers, such as 1.27.4-alpine after 1.27.3-alpine.
  - images: [\"**\"]
    policy: shape
    # min-age: 3d                           # only images that are at least three days old
    # platforms: [linux/amd64, linux/arm64]   # only images for all of these platforms
    # pin: true                             # write the digest beside the tag; follow: also when the tag moves
",
    );
    out.push_str(PULL_REQUESTS);
    out.push_str(REGISTRIES);
    out
}

/// Images whose tags are commits, by the regular expressions that match their builds.
type Builds<'i> = BTreeMap<BTreeSet<String>, Vec<&'i FoundImage>>;

fn builds<'i>(images: &[&'i FoundImage]) -> Builds<'i> {
    let mut builds = Builds::new();
    for image in images {
        builds.entry(image.build_patterns()).or_default().push(image);
    }
    builds
}

/// Returns the groups with the names of their policies: `newest-build`, `newest-build-2`.
fn builds_names<'b, 'i>(
    builds: &'b Builds<'i>,
) -> impl Iterator<Item = (String, (&'b BTreeSet<String>, &'b Vec<&'i FoundImage>))> {
    let name = |at: usize| if at == 0 { "newest-build".to_owned() } else { format!("newest-build-{}", at + 1) };
    builds.iter().enumerate().map(move |(at, group)| (name(at), group))
}

fn heading(summary: &Summary, images: &[&FoundImage]) -> String {
    let mut out = format!(
        "# Tagboat: which image tags are updated in this repository, and how.
# Found when this was written: {} in {}, with {}",
        count_of(summary.references, "reference"),
        count_of(summary.files, "file"),
        count_of(images.len(), "image"),
    );
    out.push_str(
        ".
#
# `tagboat list` shows the policy of each reference, `tagboat plan` what would change, `tagboat explain IMAGE` why.
# `tagboat schema` prints a JSON Schema of this file for editors.
",
    );
    out
}

const EXAMPLE: &str = "  # release:
  #   semver: \">=0.0.0\"                     # the greatest version; or a range: ^1.4, >=1.2 <3
  #   max-bump: minor                       # never the next major version
  #   exclude: [\"-debug$\"]                  # regular expressions on tags
";
const SAME_MAJOR: &str = "  same-major:
    shape: same                             # a tag of the same shape with greater numbers
    max-bump: minor                         # never the next major version
";
const FLOATING: &str = "  floating:
    digest: true                            # the tag stays, the digest beside it follows
";

fn policies(out: &mut String, summary: &Summary, builds: &Builds<'_>, stateful: bool, floating: bool) {
    out.push_str(
        "
# Named policies: how a tag is chosen. A rule below names one, or a comment beside a reference: # tagboat: release
",
    );
    out.push_str(if builds.is_empty() && !stateful && !floating { "# policies:\n" } else { "policies:\n" });
    for (name, (patterns, _)) in builds_names(builds) {
        let patterns: Vec<String> = patterns.iter().map(|pattern| format!("'{pattern}'")).collect();
        let _ = writeln!(out, "  {name}:");
        let _ = writeln!(out, "    newest-build: true                      # the creation time of the image decides");
        let _ = writeln!(out, "    # Candidates are only tags like the current ones.");
        let _ = writeln!(out, "    include: [{}]", patterns.join(", "));
    }
    for (wanted, text) in [(floating, FLOATING), (stateful, SAME_MAJOR)] {
        if wanted {
            out.push_str(text);
        }
    }
    for name in &summary.undefined {
        let _ = writeln!(out, "  # Comments in the manifests name this policy; define it here:");
        let _ = writeln!(out, "  # {}:\n  #   semver: \">=0.0.0\"", visible(name));
    }
    if !summary.undefined.contains("release") {
        out.push_str(EXAMPLE);
    }
}

/// The number of entries for held images; `tagboat list` shows all of them.
const MOST_HELD: usize = 20;

/// Adds a commented rule for each held image, before the rule for all images, and a comment for each other held value.
fn held(out: &mut String, held: &[HeldPlace]) {
    if held.is_empty() {
        return;
    }
    out.push_str("  # These places need a look: Tagboat leaves them alone until a rule or a correction decides.\n");
    let mut entries: Vec<Vec<&HeldPlace>> = Vec::new();
    for place in held {
        let is_same = |entry: &&mut Vec<&HeldPlace>| {
            entry[0].name == place.name && (place.name.is_some() || entry[0].reason == place.reason)
        };
        match entries.iter_mut().find(is_same) {
            Some(entry) => entry.push(place),
            None => entries.push(vec![place]),
        }
    }
    for entry in entries.iter().take(MOST_HELD) {
        let place = entry[0];
        let more = if entry.len() > 1 { format!(" and {} more", entry.len() - 1) } else { String::new() };
        comment(out, &format!("{}:{}{more}: {}", place.path, place.line, place.reason));
        if let Some(name) = &place.name {
            // Other files may have a reference to the same image that is managed.
            let paths: BTreeSet<String> =
                entry.iter().map(|place| flow_string(&globset::escape(&place.path))).collect();
            let paths: Vec<String> = paths.into_iter().collect();
            let _ = writeln!(out, "  # - images: [{}]", flow_string(name.familiar()));
            let _ = writeln!(out, "  #   paths: [{}]\n  #   policy: ignore", paths.join(", "));
        }
    }
    if entries.len() > MOST_HELD {
        let _ = writeln!(out, "  # And {} more; `tagboat list` shows them.", entries.len() - MOST_HELD);
    }
}

/// Adds a text as comment lines of at most 110 characters, if its words are shorter.
fn comment(out: &mut String, text: &str) {
    let text = visible(text);
    let mut line = String::from("  #");
    for word in text.split(' ') {
        if line.chars().count() + word.chars().count() > 108 && line.len() > 4 {
            let _ = writeln!(out, "{line}");
            line = String::from("  #  ");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}

fn rule(out: &mut String, about: &str, images: &[&FoundImage], policy: &str) {
    if images.is_empty() {
        return;
    }
    let _ = writeln!(out, "  # {about}\n  - images:");
    for image in images {
        let name = image.name.familiar();
        let tags: Vec<&str> = image.tags.iter().take(if name.len() > 37 { 1 } else { 3 }).map(Tag::as_str).collect();
        let line = if tags.is_empty() { name.to_owned() } else { format!("{name:<37} # {}", tags.join(", ")) };
        let _ = writeln!(out, "      - {line}");
    }
    let _ = writeln!(out, "    policy: {policy}");
}

const PULL_REQUESTS: &str = "
# pull-requests:
#   group: \"{{ path_dir }}\"                 # or image, all, or another template
#   labels: [deploy]
#   reviewers: [your-name]
#   max-open: 5
";

const REGISTRIES: &str = "
# Settings of registries: mirror, ca-file, plain-http and page-size. Credentials come from docker's config.json or from
# environment variables; `tagboat check` shows which ones.
# registries:
#   \"registry.example.com\": { mirror: \"mirror.example.com/hub\" }
";
