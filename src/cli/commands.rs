//! The commands, one function each: read the settings, call `run`, render and print the result.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{self, Overrides};
use crate::demo;
use crate::docs::{Hint, hint};
use crate::error::{Error, Exit};
use crate::forge::FORGES;
use crate::git::{self, Repository};
use crate::image::ImageReference;
use crate::interop::Translation;
use crate::registry::Registry as _;
use crate::report::{ProposalAction, ReferenceList, ReferenceRow, RenderOptions, Renderer, RunReport};
use crate::run::setup::{self, Loaded, Location, Operator};
use crate::run::{self, ReportContext, RunRequest, Scope, Services, WriteLock};
use crate::text::{count_of, visible};

use super::args::{
    ChangeOptions, DemoArguments, InitArguments, Job, LogOptions, LookupOptions, ReadOptions, RepositoryOption,
    RunArguments,
};
use super::printable::Allowed;
use super::progress;
use super::report_file::{self, ReportFile};
use super::terminal;
use super::whole_file;

/// The output of results: the renderer and its options.
pub(super) struct Output {
    renderer: &'static dyn Renderer,
    options: RenderOptions,
}

impl Output {
    pub(super) fn new(options: &ReadOptions, log: &LogOptions) -> Self {
        let layout = RenderOptions { width: terminal::width(), color: terminal::colored(log.color) };
        Self { renderer: options.format.0, options: layout }
    }

    pub(super) fn print(&self, render: impl FnOnce(&dyn Renderer, RenderOptions) -> String) -> Result<(), Error> {
        let allowed = Allowed { colors: self.options.color, commands: self.renderer.has_commands() };
        terminal::print(&render(self.renderer, self.options), allowed)
    }
}

/// Returns the images that `--image` names.
fn images(changes: &ChangeOptions) -> Result<Vec<ImageReference>, Error> {
    let read = |text: &String| {
        // Only the version of a chart has a `+`.
        let parse = if text.contains('+') { ImageReference::of_chart } else { ImageReference::new };
        parse(text).map_err(|error| {
            Error::usage(
                format!("invalid value `{}` for --image: {error}", text.escape_debug()),
                hint!(
                    "command-line.md#select-images",
                    "write it as for `docker pull`, such as `ghcr.io/acme/api:1.4.2`, with or without `@sha256:…`"
                ),
            )
        })
    };
    changes.images.iter().map(read).collect()
}

/// Where the repository's configuration is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadFrom {
    /// From the base branch: the one of `--base`, else that of the operator's configuration, else the default branch of the
    /// remote.
    Base,
    /// From the working tree. A bare repository and a clone with `--no-checkout` have none: from the base branch then.
    WorkingTree,
}

/// Opens the repository and reads its configuration, which the overrides complete.
pub(super) async fn open(
    options: &ReadOptions,
    from: ReadFrom,
    overrides: &Overrides,
) -> Result<(Repository, Loaded), Error> {
    let location = options.repository.location();
    let root = location.root()?;
    let operator = Operator::read(options.config.as_deref(), &location)?;
    let (opened, loaded) = match (from, &root) {
        (ReadFrom::WorkingTree, Some(root)) if !git::has_no_checkout(root) => (None, operator.with_folder(root)?),
        (_, root) => {
            let repository = setup::repository(&location, &operator.config).await?;
            let loaded = operator.with_base(overrides.base.as_ref(), &repository, root.as_deref()).await?;
            (Some(repository), loaded)
        }
    };
    let loaded = loaded.with(overrides);
    let repository = match opened {
        Some(opened) => setup::log_in(opened, &loaded.config).await?,
        None => setup::repository(&location, &loaded.config).await?,
    };
    Ok((setup::sign(repository, &loaded.config)?, loaded))
}

/// Returns the folder and its configuration, for commands that do nothing without the files of a working tree.
pub(super) fn checked_out_folder(options: &ReadOptions) -> Result<(PathBuf, Loaded), Error> {
    if let Location::Folder(folder) = options.repository.location()
        && git::has_no_checkout(&folder)
    {
        return Err(Error::usage(
            format!(
                "cannot use {}: this command needs a working tree, and no files are checked out there",
                folder.display()
            ),
            hint!(
                "command-line.md#where-the-manifests-are",
                "check out a branch, or use `tagboat plan`, which reads the base branch"
            ),
        ));
    }
    folder(options)
}

/// Returns the folder and its configuration, for commands that read a working tree.
pub(super) fn folder(options: &ReadOptions) -> Result<(PathBuf, Loaded), Error> {
    let (folder, root) = working_tree(&options.repository)?;
    let location = Location::Folder(folder.clone());
    let operator = Operator::read(options.config.as_deref(), &location)?;
    let loaded = operator.with_folder(if operator.is_in_repository() { &root } else { &folder })?;
    let above = root.join(config::FILE_NAME);
    if loaded.files.is_empty() && above.is_file() && above.parent() != Some(&folder) {
        tracing::warn!("ignoring {}: this command reads the configuration of the folder it is given", above.display());
    }
    Ok((folder, loaded))
}

/// Returns the folder of `--repository`, and the root of its working tree.
fn working_tree(repository: &RepositoryOption) -> Result<(PathBuf, PathBuf), Error> {
    let location = repository.location();
    let root = location.root()?.unwrap_or_default();
    match location {
        Location::Folder(folder) => Ok((folder, root)),
        Location::Url(url) => Err(Error::usage(
            format!("cannot use {}: this command needs a working tree", git::shown(&url)),
            hint!(
                "command-line.md#where-the-manifests-are",
                "clone the repository, or use `tagboat plan`, which accepts a URL"
            ),
        )),
    }
}

/// Runs once, or repeatedly with `--every`.
pub(super) async fn runs(log: &LogOptions, arguments: &RunArguments, writing: &WriteLock) -> Result<Exit, Error> {
    let once = || run(log, &arguments.job, ReadFrom::Base, !arguments.dry_run, writing);
    let Some(period) = arguments.every else { return once().await };
    let mut next = tokio::time::Instant::now();
    // An error in the first run ends the program. A later error may be gone in the next run.
    once().await?;
    loop {
        next = (next + period).max(tokio::time::Instant::now());
        tokio::time::sleep_until(next).await;
        if let Err(error) = once().await {
            terminal::log(&format!("error: {error}"));
        }
    }
}

/// Returns the progress line of a run.
fn progress_line(registry: u64, forge: u64) -> String {
    match (registry, forge) {
        (0, 0) => "reading manifests …".to_owned(),
        (registry, 0) => format!("{} …", count_of(registry, "registry request")),
        (registry, forge) => {
            format!("{}, {} …", count_of(registry, "registry request"), count_of(forge, "forge request"))
        }
    }
}

/// Runs once, with or without writing, and with the repository's configuration from one of its places.
pub(super) async fn run(
    log: &LogOptions,
    job: &Job,
    from: ReadFrom,
    write: bool,
    writing: &WriteLock,
) -> Result<Exit, Error> {
    let LookupOptions { read: options, cache_dir } = &job.changes.lookup;
    let scope = Scope { images: images(&job.changes)?, paths: job.changes.paths()? };
    let (repository, loaded) = open(options, from, &job.overrides()?).await?;
    let forge = match setup::forge(&loaded, repository.url()) {
        Ok(forge) => Some(forge),
        Err(error) if write => return Err(error),
        Err(error) => {
            tracing::warn!("ignoring open pull requests: {}; {}", error.message(), error.hint());
            None
        }
    };
    let registries = setup::registries(&loaded, cache_dir.as_deref(), Some(repository.url()))?;
    let services = Services { git: &repository, forge: forge.as_deref(), registry: &registries };
    let ages = options.format.0.shows_ages() || job.changes.reports.iter().any(ReportFile::shows_ages);
    let request = RunRequest { write, scope, run_url: setup::run_url()?, ages, write_lock: Arc::clone(writing) };
    let progress = || progress_line(registries.requests().registry, forge.as_ref().map_or(0, |forge| forge.requests()));
    let outcome = progress::shown(log, run::run(services, &loaded.config, &request), progress).await?;
    let repository = Some(repository.url().to_owned());
    let report = outcome.report(&ReportContext { dry_run: !write, repository, run_url: request.run_url });
    Ok(finish(log, &job.changes, &report))
}

pub(super) async fn edit(log: &LogOptions, changes: &ChangeOptions) -> Result<Exit, Error> {
    let LookupOptions { read: options, cache_dir } = &changes.lookup;
    let scope = Scope { images: images(changes)?, paths: changes.paths()? };
    let (folder, loaded) = checked_out_folder(options)?;
    let remote = setup::remote(&folder, &loaded.config);
    let registries = setup::registries(&loaded, cache_dir.as_deref(), remote.as_deref())?;
    let progress = || progress_line(registries.requests().registry, 0);
    let edited = progress::shown(log, run::edit(&folder, &loaded.config, &registries, &scope), progress).await;
    Ok(finish(log, changes, &edited.report()))
}

/// Prints the report, writes it to the requested files, and returns the exit code. One that cannot be written does not affect the
/// others, and with `--every` not the next runs.
fn finish(log: &LogOptions, changes: &ChangeOptions, report: &RunReport) -> Exit {
    let printed = Output::new(&changes.lookup.read, log).print(|renderer, options| renderer.run(report, options));
    let mut errors = report_file::write(
        changes.reports.iter().chain(&changes.junit),
        report,
        &changes.lookup.read.repository.location().trees(),
    );
    errors.extend(printed.err());
    errors.iter().for_each(|error| terminal::log(&format!("error: {error}")));
    if errors.is_empty() { exit(report, changes.detailed_exitcode) } else { Exit::Failed }
}

pub(super) async fn list(log: &LogOptions, options: &ReadOptions) -> Result<Exit, Error> {
    let listed = match options.repository.location() {
        Location::Folder(_) => {
            let (folder, loaded) = checked_out_folder(options)?;
            run::list(&run::Folder::new(&folder), &loaded.config)
        }
        Location::Url(_) => {
            let (repository, loaded) = open(options, ReadFrom::WorkingTree, &Overrides::default()).await?;
            run::list(&setup::base(&repository, &loaded.config).await?.1, &loaded.config)
        }
    };
    let list = ReferenceList { rows: listed.iter().map(run::row).collect::<Vec<ReferenceRow>>() };
    Output::new(options, log).print(|renderer, options| renderer.list(&list, options))?;
    Ok(Exit::Done)
}

pub(super) async fn demo(log: &LogOptions, arguments: &DemoArguments) -> Result<Exit, Error> {
    let options = RenderOptions { width: terminal::width().min(110), color: terminal::colored(log.color) };
    let mut printed = Ok(());
    demo::run(options, arguments.keep, &mut |text| {
        if printed.is_ok() {
            printed = terminal::print(text, Allowed { colors: options.color, commands: false });
        }
    })
    .await?;
    printed.map(|()| Exit::Done)
}

pub(super) fn init(init: &InitArguments) -> Result<Exit, Error> {
    let (folder, _) = working_tree(&init.repository)?;
    let snapshot = run::Folder::new(&folder);
    let text = match init.from {
        None => match run::starter(&snapshot)? {
            Some(text) => text,
            None => {
                terminal::log(&format!("nothing found here; no file written\nhint: {}", nothing_found()));
                return Ok(Exit::Done);
            }
        },
        Some(tool) => {
            let Translation { text, left } = run::translate(&snapshot, tool)?;
            left.iter().for_each(|line| terminal::log(&format!("not translated: {line}")));
            text
        }
    };
    if init.stdout {
        terminal::print(&text, Allowed::default())?;
        return Ok(Exit::Done);
    }
    let file = folder.join(config::FILE_NAME);
    write_new(&file, &text, init)?;
    let next = hint!("command-line.md#start-a-configuration", "review it, then run `tagboat plan`");
    let name = file.display().to_string();
    terminal::log(&format!("wrote {}\nhint: {next}", visible(&name)));
    Ok(Exit::Done)
}

fn nothing_found() -> Hint {
    hint!(
        "command-line.md#start-a-configuration",
        "run the command in the folder that has the manifests, or write tagboat.yaml by hand and name them in `paths.include`"
    )
}

fn write_new(file: &Path, text: &str, init: &InitArguments) -> Result<(), Error> {
    init.repository.location().trees().refuse_links(file).map_err(|error| {
        Error::new(
            Exit::Failed,
            format!("cannot write {}: {error}", file.display()),
            hint!("command-line.md#start-a-configuration", "remove the symbolic link, or print the file with --stdout"),
        )
    })?;
    let write = if init.force { whole_file::write } else { whole_file::create };
    write(file, text.as_bytes()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(
            format!("cannot write {}: the file exists", file.display()),
            hint!(
                "command-line.md#start-a-configuration",
                "overwrite it with --force, or print the new file with --stdout"
            ),
        ),
        _ => Error::new(
            Exit::Failed,
            format!("cannot write {}: {error}", file.display()),
            hint!(
                "command-line.md#start-a-configuration",
                "let the user of Tagboat write to the folder, or print the file with --stdout"
            ),
        ),
    })
}

pub(super) fn schema() -> Result<Exit, Error> {
    let forges: Vec<&str> = FORGES.iter().map(|forge| forge.name).collect();
    terminal::print(&format!("{:#}\n", config::json_schema(&forges)), Allowed::default())?;
    Ok(Exit::Done)
}

/// Returns the exit code of a report.
fn exit(report: &RunReport, detailed: bool) -> Exit {
    // A pull request that is left alone is nothing that the run did.
    let has_proposal = report.proposals.iter().any(|proposal| proposal.action != ProposalAction::Leave);
    let some_done = !report.changes.is_empty() || has_proposal || report.up_to_date > 0;
    match (report.failed.is_empty(), some_done) {
        (false, false) => Exit::Failed,
        (false, true) => Exit::Partly,
        (true, _) if detailed && report.has_changes() => Exit::Changes,
        (true, _) => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{FailureRow, ProposalRow, Subject};

    #[test]
    fn fails_partly_only_if_something_else_was_done() {
        use ProposalAction::{Close, Leave, Open, Unchanged};
        #[rustfmt::skip]
        let rows = [
            // failed  proposals                up to date  exit
            (false,    &[][..],                 0,          Exit::Done),
            (false,    &[Leave],                0,          Exit::Done),
            (true,     &[],                     0,          Exit::Failed),
            (true,     &[Leave],                0,          Exit::Failed),
            (true,     &[Leave, Unchanged],     0,          Exit::Partly),
            (true,     &[Open],                 0,          Exit::Partly),
            (true,     &[Close],                0,          Exit::Partly),
            (true,     &[Leave],                1,          Exit::Partly),
        ];
        for (is_failed, actions, up_to_date, expected) in rows {
            let failed = FailureRow {
                subject: Subject::Image("a".to_owned()),
                host: None,
                cause: None,
                reason: String::new(),
                hint: None,
                locations: Vec::new(),
            };
            let proposal = |action: &ProposalAction| ProposalRow {
                branch: String::new(),
                title: String::new(),
                number: None,
                head: None,
                action: *action,
                url: None,
                reason: None,
                hint: None,
            };
            let report = RunReport {
                failed: if is_failed { vec![failed] } else { Vec::new() },
                proposals: actions.iter().map(proposal).collect(),
                up_to_date,
                ..RunReport::default()
            };
            assert_eq!(exit(&report, false), expected, "{actions:?}");
        }
    }
}
