//! The arguments of the command line and their help.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Parser, Subcommand, ValueEnum};

use crate::config::{MergeMethod, check_name, duration};
use crate::docs::hint;
use crate::report::{RENDERERS, Renderer};
use crate::run::Tool;
use crate::run::setup::Location;

use super::report_file::ReportFile;
use super::value_error::ValueError;

/// Update container image references in a GitOps repository through pull requests
///
/// Tagboat finds the image references in the manifests of a repository, looks up the tags that a policy allows, changes
/// only the bytes of the tag and digest, and opens or updates one pull request per group.
///
/// Run `tagboat demo` to see it work, then `tagboat list` and `tagboat plan` in your own repository. Neither writes
/// anything.
#[derive(Debug, Parser)]
#[command(name = "tagboat", version, propagate_version = true, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,

    #[command(flatten)]
    pub(super) log: LogOptions,
}

/// The end of `tagboat --help`.
const AFTER_HELP: &str = concat!(
    "Exit codes:\n  \
     0   success, or nothing to do\n  \
     1   failure: nothing could be done; of check: a check failed\n  \
     2   with --detailed-exitcode: changes are pending, or were proposed or made\n  \
     3   partial failure: some images or pull requests failed, the rest is done\n  \
     64  invalid arguments or configuration\n  \
     129, 130, 143: stopped by SIGHUP, SIGINT, SIGTERM\n\n\
     Documentation: https://github.com/tagboat/tagboat/tree/v",
    env!("CARGO_PKG_VERSION"),
    "/docs"
);

/// Options of every command: the log and colors.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct LogOptions {
    /// When to use colors; `auto` uses them on a terminal unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,

    /// Log errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Log more; `-vv` also logs every request and every call of git. RUST_LOG overrides it
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,

    /// Format of the log on standard error
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

/// The option of commands that read a repository.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input and output options")]
pub(super) struct RepositoryOption {
    /// Repository with the manifests: a folder of a checkout, or a URL to clone
    #[arg(long = "repository", short = 'C', value_name = "DIR|URL", default_value = ".", env = "TAGBOAT_REPOSITORY")]
    text: String,
}

/// Returns the same option for a command that needs a folder.
fn folder_only(option: Arg) -> Arg {
    option.value_name("DIR").help("Folder with the manifests, such as a checkout of the repository")
}

/// Returns `--image` for a command without pull requests.
fn images_of_edit(option: Arg) -> Arg {
    let about = "Update only this image (repeatable). With a tag or digest, write that version without listing tags, if it is newer by \
                 the policy of the image. Fails if no manifest uses the image";
    option.help(about).long_help(about)
}

/// Returns `--path` for a command without pull requests.
fn paths_of_edit(option: Arg) -> Arg {
    let about = "Update only references in files that match this glob, relative to the folder (repeatable)";
    option.help(about).long_help(about)
}

impl RepositoryOption {
    /// Returns the folder or URL.
    pub(super) fn location(&self) -> Location {
        Location::new(&self.text)
    }
}

/// The options of commands that read a repository with its configuration and print a result.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input and output options")]
pub(super) struct ReadOptions {
    #[command(flatten)]
    pub(super) repository: RepositoryOption,

    /// Configuration of the operator, read beside the tagboat.yaml of the repository; its values win
    #[arg(long, value_name = "FILE", env = "TAGBOAT_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// Output format; `json` prints one document
    #[arg(long, value_enum, default_value_t = OutputFormat(RENDERERS[0]))]
    pub(super) format: OutputFormat,
}

/// The options of commands that also connect to registries.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input and output options")]
pub(super) struct LookupOptions {
    #[command(flatten)]
    pub(super) read: ReadOptions,

    /// Folder that caches registry responses between runs; it can be deleted at any time
    #[arg(long, value_name = "DIR", env = "TAGBOAT_CACHE_DIR")]
    pub(super) cache_dir: Option<PathBuf>,
}

/// The output format, by its renderer.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputFormat(pub(super) &'static dyn Renderer);

impl ValueEnum for OutputFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static FORMATS: LazyLock<Vec<OutputFormat>> =
            LazyLock::new(|| RENDERERS.iter().copied().map(OutputFormat).collect());
        &FORMATS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    Auto,
    /// Always, also in a pipe
    Always,
    /// Never
    Never,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// One line per event
    Text,
    /// One JSON object per event
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Update image references and open, update or close their pull requests
    Run(RunArguments),
    /// Show what `run` would do, with a diff and reasons; write nothing
    Plan(Job),
    /// Edit the manifests in the working tree, without commits or pull requests
    #[command(mut_arg("text", folder_only), mut_arg("images", images_of_edit), mut_arg("paths", paths_of_edit))]
    Edit(ChangeOptions),
    /// List every image reference with its policy, or the reason it is held or ignored
    List(ReadOptions),
    /// Explain which tag is chosen for an image, with a verdict on every tag
    #[command(mut_arg("text", folder_only))]
    Explain(ExplainArguments),
    /// Check the configuration and the access to git, the forge and the registries
    ///
    /// The exit code is 0 if no check failed, and 1 if one did. A warning is no failure.
    Check(CheckArguments),
    /// Write a commented tagboat.yaml for the images in the repository
    #[command(mut_arg("text", folder_only))]
    Init(InitArguments),
    /// Demonstrate a complete run on an embedded registry, git remote and forge, without network access
    Demo(DemoArguments),
    /// Print the JSON Schema of tagboat.yaml
    Schema,
    /// Print a shell completion script
    Completions {
        /// Shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page of tagboat or of one command
    Man {
        /// Command to document
        command: Option<String>,
    },
    /// Print the help of tagboat or of one command
    Help {
        /// Command to explain
        command: Option<String>,
    },
}

impl Command {
    /// Returns the output format, if the command has one.
    pub(super) fn format(&self) -> Option<OutputFormat> {
        let options = match self {
            Self::Run(run) => &run.job.changes.lookup.read,
            Self::Plan(job) => &job.changes.lookup.read,
            Self::Edit(changes) => &changes.lookup.read,
            Self::Explain(explain) => &explain.lookup.read,
            Self::Check(check) => &check.lookup.read,
            Self::List(options) => options,
            Self::Init(_) | Self::Demo(_) | Self::Schema => return None,
            Self::Completions { .. } | Self::Man { .. } | Self::Help { .. } => return None,
        };
        Some(options.format)
    }
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArguments {
    /// Write nothing, as `plan` does
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Repeat until SIGTERM, with this time between the starts of two runs, such as 5m
    #[arg(long, value_name = "TIME", value_parser = period)]
    pub(super) every: Option<Duration>,

    #[command(flatten)]
    pub(super) job: Job,
}

/// Returns the parser of a value that has one of these names.
fn named<T: Copy + Send + Sync>(known: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(known.iter().map(|(name, _)| *name)).try_map(move |text| {
        let found = known.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| *value).ok_or_else(|| format!("unknown value {text}"))
    })
}

/// Parses the time between two runs. Without a pause, runs would request tags from the registries without end.
fn period(text: &str) -> Result<Duration, ValueError> {
    let (cause, hint) = match duration(text) {
        Ok(period) if period >= Duration::from_secs(1) => return Ok(period),
        Ok(_) => ("must be at least 1s".to_owned(), hint!("ci.md#kubernetes", "write `--every 5m`")),
        Err(error) => (error.to_string(), hint!("ci.md#kubernetes", "{}", error.hint())),
    };
    Err(ValueError { cause, hint })
}

/// Returns the parser of the name of a label or a person; `example` is a valid option.
fn forge_name(example: &'static str) -> impl Fn(&str) -> Result<String, ValueError> + Clone + Send + Sync + 'static {
    move |text| {
        let hint = || hint!("pull-requests.md#in-the-description", "write one line, as in `{example}`");
        check_name(text).map_err(|error| ValueError { cause: error.to_string(), hint: hint() })?;
        Ok(text.to_owned())
    }
}

/// The option of commands that read the base branch.
#[derive(Debug, Clone, Args)]
pub(super) struct BaseOption {
    /// Base branch of the pull requests, instead of `git.base`
    #[arg(long = "base", value_name = "BRANCH")]
    pub(super) name: Option<String>,
}

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pub(super) base: BaseOption,

    #[command(flatten)]
    pub(super) lookup: LookupOptions,
}

/// Arguments of `run` and `plan`.
#[derive(Debug, Clone, Args)]
pub(super) struct Job {
    #[command(flatten)]
    pub(super) base: BaseOption,

    /// Label of the pull requests (repeatable), instead of `pull-requests.labels`
    #[arg(long = "label", value_name = "NAME", value_parser = forge_name("--label deploy"))]
    pub(super) labels: Vec<String>,

    /// Reviewer to request (repeatable), instead of `pull-requests.reviewers`
    #[arg(long = "reviewer", value_name = "NAME", value_parser = forge_name("--reviewer octocat"))]
    pub(super) reviewers: Vec<String>,

    /// Enable auto-merge with this method, instead of `pull-requests.auto-merge`
    #[arg(long, value_name = "METHOD", value_parser = named(&MergeMethod::ALL))]
    pub(super) auto_merge: Option<MergeMethod>,

    #[command(flatten)]
    pub(super) changes: ChangeOptions,
}

/// Arguments of `run`, `plan` and `edit`: which references change, and where the result goes.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeOptions {
    /// Update only this image (repeatable). With a tag or digest, propose that version without listing tags, if it is newer by
    /// the policy of the image and no pull request proposes a newer one. Fails if no manifest uses the image
    #[arg(long = "image", value_name = "REF")]
    pub(super) images: Vec<String>,

    #[arg(long = "report", value_name = "FILE", help = ReportFile::help())]
    pub(super) reports: Vec<ReportFile>,

    /// Also write JUnit XML to this file, with one test case per image
    #[arg(long, value_name = "FILE", value_parser = ReportFile::junit)]
    pub(super) junit: Option<ReportFile>,

    /// Exit with 2 if changes are pending, or were proposed or made
    #[arg(long)]
    pub(super) detailed_exitcode: bool,

    /// Update only references in files that match this glob, relative to the root of the repository (repeatable). Everything
    /// else stays as it is, including its pull requests
    #[arg(long = "path", value_name = "GLOB")]
    pub(super) paths: Vec<String>,

    #[command(flatten)]
    pub(super) lookup: LookupOptions,
}

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Try a policy without a registry or repository:\n  \
    tagboat explain api --tags tags.txt --current 1.4.2 --policy 'semver: ^1.2'")]
pub(super) struct ExplainArguments {
    /// Image name, in full or as written in the manifests
    pub(super) image: String,

    /// Read the tags from a file, one per line, instead of the registry; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) tags: Option<PathBuf>,

    /// Current tag, instead of the one in the manifests
    #[arg(long, value_name = "TAG")]
    pub(super) current: Option<String>,

    /// Policy, instead of the configured one: its definition, such as `semver: ^1.2`, or a name from the configuration. With a
    /// definition, --tags and --current, neither a repository nor a configuration is read
    #[arg(long, value_name = "POLICY")]
    pub(super) policy: Option<String>,

    #[command(flatten)]
    pub(super) lookup: LookupOptions,
}

/// Arguments of `init`.
#[derive(Debug, Clone, Args)]
pub(super) struct InitArguments {
    /// Translate the settings of another tool in this repository, and list what cannot be translated
    #[arg(long, value_name = "TOOL", value_parser = named(&Tool::ALL))]
    pub(super) from: Option<Tool>,

    /// Print the file instead of writing it
    #[arg(long)]
    pub(super) stdout: bool,

    /// Overwrite an existing tagboat.yaml
    #[arg(long)]
    pub(super) force: bool,

    #[command(flatten)]
    pub(super) repository: RepositoryOption,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArguments {
    /// Keep the temporary folder with the git remote and the pull requests
    #[arg(long)]
    pub(super) keep: bool,
}
