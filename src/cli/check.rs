//! `tagboat check`: the first command to run when something does not work.

use crate::config::Config;
use crate::error::{Error, Exit};
use crate::report::{Check, Checks};
use crate::run::setup::{self, Loaded, Location};
use crate::run::{self, check};

use super::args::Common;
use super::commands::Output;

pub(super) async fn check(common: &Common) -> Result<Exit, Error> {
    let location = match Location::new(&common.repository) {
        Location::Folder(folder) => Location::Folder(setup::checkout(&folder)),
        url @ Location::Url(_) => url,
    };
    let mut checks = Checks::default();
    let loaded = match &location {
        Location::Folder(folder) => setup::load(common.config.as_deref(), folder),
        Location::Url(_) => match setup::repository(&location, &Config::default()).await {
            Ok(repository) => setup::load_remote(common.config.as_deref(), &repository).await,
            Err(error) => Err(error),
        },
    };
    let loaded = loaded?;
    checks.checks.push(configuration(&loaded));
    let mut listed = Vec::new();
    if let Location::Folder(folder) = &location {
        listed = run::list(&run::Folder::new(folder), &loaded.config);
    }
    match setup::repository(&location, &loaded.config).await {
        Err(error) => checks.checks.push(failed("git", &error)),
        Ok(repository) => {
            checks.checks.push(check::git(&repository, repository.url(), loaded.config.git.base.as_ref()).await);
            let forge = setup::forge(&loaded, repository.url());
            checks.checks.push(check::forge(forge.as_deref()).await);
            if let Location::Url(_) = &location {
                listed = run::list(&setup::base(&repository, &loaded.config).await?, &loaded.config);
            }
        }
    }
    match setup::registries(&loaded, common.cache_dir.as_deref()) {
        Ok(registries) => checks.checks.extend(check::registries(&registries, &listed).await),
        Err(error) => checks.checks.push(failed("registries", &error)),
    }
    Output::new(common).print(|renderer, options| renderer.checks(&checks, options))?;
    Ok(if checks.all_ok() { Exit::Done } else { Exit::Failed })
}

fn configuration(loaded: &Loaded) -> Check {
    match &loaded.file {
        Some(file) => Check::ok("configuration", format!("{} is valid", file.display())),
        None => Check::ok(
            "configuration",
            "no tagboat.yaml: every image is managed by the `shape` policy, one pull request per folder",
        ),
    }
}

fn failed(name: &str, error: &Error) -> Check {
    Check::failed(name, error.message(), error.advice().map(str::to_owned))
}
