//! Report files for later steps of a CI job. The file extension sets the format.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Error, Exit};
use crate::report::{JUnit, RENDERERS, RenderOptions, Renderer, RunReport};

/// File extensions and their output formats.
const EXTENSIONS: &[(&str, &str)] = &[
    ("json", "json"),
    ("md", "markdown"),
    ("html", "html"),
    ("txt", "text"),
    ("outputs", "outputs"),
    ("annotations", "annotations"),
];

/// The width of a text file in columns.
const WIDTH: usize = 200;

/// A file that the report is written to.
#[derive(Clone)]
pub(super) struct ReportFile {
    path: PathBuf,
    renderer: &'static dyn Renderer,
}

impl ReportFile {
    /// Returns a JUnit file with any extension.
    pub(super) fn junit(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self { path: PathBuf::from(text), renderer: &JUnit })
    }

    /// Whether the format shows when images were built.
    pub(super) fn shows_ages(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "html")
    }
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let name = EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, name)| *name);
        match RENDERERS.iter().find(|(known, _)| Some(*known) == name) {
            Some((_, renderer)) => Ok(Self { path, renderer: *renderer }),
            None => {
                let known = EXTENSIONS.iter().map(|(extension, _)| format!(".{extension}")).collect::<Vec<_>>();
                Err(format!("the file extension is not one of {}", known.join(", ")))
            }
        }
    }
}

impl std::fmt::Debug for ReportFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReportFile").field(&self.path).finish()
    }
}

/// Writes a report to each of these files.
pub(super) fn write<'a>(files: impl Iterator<Item = &'a ReportFile>, report: &RunReport) -> Result<(), Error> {
    for file in files {
        let text = file.renderer.run(report, RenderOptions { width: WIDTH, color: false });
        File::create(&file.path).and_then(|mut out| out.write_all(text.as_bytes())).map_err(|error| {
            Error::new(Exit::Failed, format!("cannot write the report {}: {error}", file.path.display()))
        })?;
    }
    Ok(())
}
