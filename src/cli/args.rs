//! The command line: what may be typed, and the help that teaches it. Parsing does nothing else.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::duration;

use super::report_file::ReportFile;

/// Brings new container image tags into a GitOps repository, as pull requests.
///
/// Tagboat finds the image references in the manifests of a repository, asks the registries for tags that match a
/// policy, changes just those bytes, and opens or updates one pull request per group. Start with `tagboat demo`, then
/// `tagboat list` and `tagboat plan` in your own repository: neither writes anything.
#[derive(Debug, Parser)]
#[command(name = "tagboat", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, or nothing to do; 1 nothing could be done; 2 with --detailed-exitcode: \
    changes are pending or were proposed; 3 some failed, the rest is done; 64 usage or configuration.\n\nA hint that ends in #name means the section of that name \
    in the README.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,

    #[command(flatten)]
    pub(super) common: Common,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The manifests repository: a folder in a checkout, or a URL to clone
    #[arg(long, short = 'C', global = true, value_name = "DIR|URL", default_value = ".", env = "TAGBOAT_REPOSITORY")]
    pub(super) repository: String,

    /// The configuration [default: tagboat.yaml in the repository, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "TAGBOAT_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// A folder that saves requests to registries from one run to the next; it may vanish at any time
    #[arg(long, global = true, value_name = "DIR", env = "TAGBOAT_CACHE_DIR")]
    pub(super) cache_dir: Option<PathBuf>,

    /// How results are printed; json is one document on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,

    /// When to colour: auto does on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,

    /// Say less: errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Say more; twice for every request. RUST_LOG overrides it
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,

    /// How the log on standard error is written
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
    /// For the summary of a CI job.
    Markdown,
    /// One page for a browser.
    Html,
    /// Test results, as CI systems show them.
    Junit,
    /// Outputs of a step of GitHub Actions.
    Outputs,
    /// Workflow commands of GitHub Actions: a warning or an error at file and line.
    Annotations,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    Auto,
    /// Also into a pipe.
    Always,
    /// Not at all.
    Never,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// A line an event.
    Text,
    /// A JSON object an event.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Plan, commit, push, open or update pull requests: the main job
    Run(RunArguments),
    /// Show what `run` would do, as a diff, and why; nothing is written
    Plan(Job),
    /// Make the edits in the working tree only: no git, no forge
    Edit(Job),
    /// List every image reference found, with file and line, what governs it, or why nothing does
    List,
    /// Show every tag of an image with its verdict: why this one, why not that one
    Explain(ExplainArguments),
    /// Ask configuration, git, forge and registries whether they answer, with these credentials
    Check,
    /// Write a commented starter tagboat.yaml from what the repository holds
    Init(InitArguments),
    /// Run the whole job against an embedded registry, git remote and forge: no network, nothing of yours is touched
    Demo(DemoArguments),
    /// Print the JSON Schema of tagboat.yaml, for editors
    Schema,
    /// Print a script that lets a shell complete commands and flags
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program, or of one command
    Man {
        /// The command
        command: Option<String>,
    },
}

/// What `run` takes.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArguments {
    /// Write nothing: the same as `plan`
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Go on until SIGTERM, this long from the start of one run to the start of the next, such as 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) every: Option<Duration>,

    #[command(flatten)]
    pub(super) job: Job,
}

/// What `run`, `plan` and `edit` take.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Job {
    /// Only this image. With a tag or digest it is what was just pushed: proposed, or checked against the policy that
    /// governs it, without listing tags. May be given several times
    #[arg(long = "image", value_name = "REF")]
    pub(super) images: Vec<String>,

    /// Also write the result to this file, as its name says: .json, .md, .html, .txt, or for GitHub Actions .outputs or
    /// .annotations. May be given several times
    #[arg(long = "report", value_name = "FILE")]
    pub(super) reports: Vec<ReportFile>,

    /// Also write a JUnit test case for each image to this file: failed lookups fail, what is held is skipped
    #[arg(long, value_name = "FILE", value_parser = ReportFile::junit)]
    pub(super) junit: Option<ReportFile>,

    /// Exit with 2 if changes are pending, were proposed or made
    #[arg(long)]
    pub(super) detailed_exitcode: bool,

    /// Only images in files that this glob matches; what stands elsewhere is left as it is, its pull requests included.
    /// May be given several times
    #[arg(long = "path", value_name = "GLOB")]
    pub(super) paths: Vec<String>,

    /// The branch that pull requests go to, instead of `git.base`
    #[arg(long, value_name = "BRANCH")]
    pub(super) base: Option<String>,

    /// A label for pull requests, instead of `pull-requests.labels`; may be given several times
    #[arg(long = "label", value_name = "NAME")]
    pub(super) labels: Vec<String>,

    /// Who is asked for a review, instead of `pull-requests.reviewers`; may be given several times
    #[arg(long = "reviewer", value_name = "NAME")]
    pub(super) reviewers: Vec<String>,

    /// Ask the forge to merge once checks have passed, instead of `pull-requests.auto-merge`
    #[arg(long, value_name = "HOW", value_parser = ["merge", "squash", "rebase"])]
    pub(super) auto_merge: Option<String>,
}

/// What `explain` takes.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Try a policy without registry and repository:\n  \
    tagboat explain api --tags tags.txt --current 1.4.2 --policy 'semver: ^1.2'")]
pub(super) struct ExplainArguments {
    /// The image, as it stands in the manifests or in full
    pub(super) image: String,

    /// Take the tags from a file, one per line, instead of a registry; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub(super) tags: Option<PathBuf>,

    /// Pretend that this tag stands in the manifests
    #[arg(long, value_name = "TAG")]
    pub(super) current: Option<String>,

    /// Choose by this policy instead of the one that governs the image, such as 'semver: ^1.2' or a name from the
    /// configuration
    #[arg(long, value_name = "POLICY")]
    pub(super) policy: Option<String>,
}

/// What `init` takes.
#[derive(Debug, Clone, Args)]
pub(super) struct InitArguments {
    /// Translate what another tool is told in this repository; what can't be translated is said, with the reason
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(super) from: Option<From>,

    /// Print it instead of writing tagboat.yaml
    #[arg(long)]
    pub(super) stdout: bool,

    /// Overwrite a tagboat.yaml that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// Whose settings `init` translates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum From {
    /// Renovate's configuration file.
    Renovate,
    /// Flux's ImagePolicy and ImageRepository objects and its markers.
    Flux,
    /// Argo CD Image Updater's annotations and objects.
    Argocd,
}

/// What `demo` takes.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArguments {
    /// Keep the folder with everything that was made, to look around in it
    #[arg(long)]
    pub(super) keep: bool,
}
