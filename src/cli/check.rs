//! `tagboat check`: the first command to run when something does not work.

use crate::config::ConfigError;
use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::git::Repository;
use crate::govern::Listed;
use crate::report::{Check, Checks};
use crate::run::setup::{self, Loaded};
use crate::run::{self, check};
use crate::text::Position;

use super::args::{CheckArguments, LogOptions, LookupOptions, ReadOptions};
use super::commands::{Output, ReadFrom, folder, open};

pub(super) async fn check(log: &LogOptions, arguments: &CheckArguments) -> Result<Exit, Error> {
    let LookupOptions { read: options, cache_dir } = &arguments.lookup;
    let RepositoryChecks { mut checks, loaded, listed, remote } =
        match open(options, ReadFrom::Base, &arguments.base.overrides()?).await {
            Ok((repository, loaded)) => with_git(options, &repository, loaded).await,
            Err(error) if error.exit() == Exit::Failed => without_git(options, error).await?,
            Err(error) => return Err(error),
        };
    checks.extend(check::configuration(&listed));
    checks.extend(check::histories(&loaded.config, &listed));
    match setup::registries(&loaded, cache_dir.as_deref(), remote.as_deref()) {
        Ok(registries) => {
            checks.extend(check::cache(&registries));
            checks.extend(check::registries(&registries, &listed).await);
        }
        Err(error) => checks.push(failed("registries", &error)),
    }
    let checks = Checks { checks };
    Output::new(options, log).print(|renderer, options| renderer.checks(&checks, options))?;
    Ok(if checks.all_ok() { Exit::Done } else { Exit::Failed })
}

/// The checks before those of the registries, and the references, which show what registries are needed.
struct RepositoryChecks {
    checks: Vec<Check>,
    loaded: Loaded,
    listed: Vec<Listed>,
    /// The URL of the git remote, if it is known.
    remote: Option<String>,
}

/// Checks git and the forge, and lists the references on the base branch, or in the working tree where git cannot read it.
async fn with_git(options: &ReadOptions, repository: &Repository, loaded: Loaded) -> RepositoryChecks {
    let url = repository.url();
    let (git, listed) = match setup::base(repository, &loaded.config).await {
        Ok((base, snapshot)) => (
            Check::ok("git", format!("can read {url}; the base branch is {base}")),
            run::list(&snapshot, &loaded.config),
        ),
        Err(error) => {
            let in_folder = folder(options).map(|(folder, _)| run::list(&run::Folder::new(&folder), &loaded.config));
            (failed("git", &error), in_folder.unwrap_or_default())
        }
    };
    let forge = check::forge(setup::forge(&loaded, url).as_deref(), &loaded.config).await;
    let remote = Some(url.to_owned());
    RepositoryChecks { checks: vec![configuration(&loaded), git, forge], loaded, listed, remote }
}

/// Lists the references in the working tree, if there is one, and reports why git failed. Its configuration is not the one that `run`
/// uses, so it is not reported as valid; an invalid one is reported.
async fn without_git(options: &ReadOptions, error: Error) -> Result<RepositoryChecks, Error> {
    let git = failed("git", &error);
    match folder(options) {
        Ok((folder, loaded)) => {
            let listed = run::list(&run::Folder::new(&folder), &loaded.config);
            let remote = setup::remote(&folder, &loaded.config);
            let mut checks = vec![of_working_tree(&loaded), git];
            // Only a remote that git may use names a forge.
            if let Ok(repository) = setup::repository(&options.repository.location(), &loaded.config).await {
                checks.push(check::forge(setup::forge(&loaded, repository.url()).as_deref(), &loaded.config).await);
            }
            Ok(RepositoryChecks { checks, loaded, listed, remote })
        }
        Err(invalid) => {
            let problems = invalid.config_errors().ok_or(error)?.iter();
            let problem = |one: &ConfigError| {
                let Position { line, column } = one.position;
                Check::failed("configuration", format!("{one}, at line {line}, column {column}"), one.hint.clone())
            };
            Ok(RepositoryChecks {
                checks: problems.map(problem).chain([git]).collect(),
                loaded: Loaded::default(),
                listed: Vec::new(),
                remote: None,
            })
        }
    }
}

fn configuration(loaded: &Loaded) -> Check {
    match &loaded.files[..] {
        [file] => Check::ok("configuration", format!("{file} is valid")),
        [operator, repository] => Check::ok("configuration", format!("{operator} and {repository} are valid")),
        _ => Check::ok(
            "configuration",
            "no tagboat.yaml: every image is managed by the `shape` policy, one pull request per folder",
        ),
    }
}

/// Returns the check of the configuration where the one on the base branch cannot be read.
fn of_working_tree(loaded: &Loaded) -> Check {
    let used = match &loaded.files[..] {
        [] => "the defaults, since it has no tagboat.yaml".to_owned(),
        files => files.join(" and "),
    };
    Check::failed(
        "configuration",
        format!(
            "cannot read the configuration that `run` uses: git cannot read the base branch; the other checks use that of the working \
             tree: {used}"
        ),
        hint!("security.md#three-sources-of-settings", "fix the cause of the failed check `git` first"),
    )
}

fn failed(name: &str, error: &Error) -> Check {
    Check::failed(name, error.message(), error.hint().clone())
}
