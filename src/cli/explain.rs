//! `tagboat explain`: reads the tags and the image, and prints the explanation.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::report::OutcomeKind;
use crate::run::setup::{self, Loaded, WorkingTrees};
use crate::run::{self, ExplainRequest};
use crate::text::utf8;

use super::args::{ExplainArguments, LogOptions, LookupOptions};
use super::commands::{Output, checked_out_folder};

pub(super) async fn explain(log: &LogOptions, arguments: &ExplainArguments) -> Result<Exit, Error> {
    let LookupOptions { read: options, cache_dir } = &arguments.lookup;
    let tags =
        arguments.tags.as_deref().map(|file| read_tags(file, &options.repository.location().trees())).transpose()?;
    let request = ExplainRequest {
        image: arguments.image.clone(),
        tags,
        current: arguments.current.clone(),
        policy: arguments.policy.clone(),
    };
    // A current tag, tags and a policy leave nothing to read from the folder.
    let (folder, loaded) =
        if request.is_self_contained() { (PathBuf::new(), Loaded::default()) } else { checked_out_folder(options)? };
    let remote = setup::remote(&folder, &loaded.config);
    let registries = setup::registries(&loaded, cache_dir.as_deref(), remote.as_deref())?;
    let explanations = run::explain(&folder, &loaded.config, &registries, &request).await?;
    Output::new(options, log).print(|renderer, options| renderer.explanations(&explanations, options))?;
    Ok(if explanations.iter().all(|one| one.outcome != OutcomeKind::Unknown) { Exit::Done } else { Exit::Failed })
}

/// Reads one tag per line. Blank lines and lines that start with `#`, which no tag does, are skipped.
fn read_tags(file: &Path, trees: &WorkingTrees) -> Result<Vec<String>, Error> {
    let is_input = file == Path::new("-");
    let shown = if is_input { "standard input".to_owned() } else { file.display().to_string() };
    let mut bytes = Vec::new();
    let read = if is_input {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        trees
            .refuse_links(file)
            .and_then(|()| std::fs::File::open(file))
            .and_then(|mut file| file.read_to_end(&mut bytes))
    };
    let text = read.and_then(|_| Ok(utf8(&bytes)?)).map_err(|error| {
        Error::usage(
            format!("cannot read tags from {shown}: {error}"),
            hint!("command-line.md#try-a-policy", "name a text file with one tag per line, or - for standard input"),
        )
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}
