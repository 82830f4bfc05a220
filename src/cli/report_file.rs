//! Report files for later steps of a CI job. The file extension sets the format.

use std::path::PathBuf;
use std::str::FromStr;

use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::report::{JUnit, RENDERERS, RenderOptions, Renderer, RunReport};
use crate::run::setup::WorkingTrees;
use crate::text::code_list;

use super::printable::{Allowed, printable};
use super::value_error::ValueError;
use super::whole_file;

/// The width of a text file in columns.
const WIDTH: usize = 200;

/// A file that the report is written to.
#[derive(Debug, Clone)]
pub(super) struct ReportFile {
    path: PathBuf,
    renderer: &'static dyn Renderer,
}

impl ReportFile {
    /// Returns a JUnit file with any extension.
    pub(super) fn junit(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Self { path: PathBuf::from(text), renderer: &JUnit })
    }

    /// Returns the help of the option.
    pub(super) fn help() -> String {
        let extensions = Self::extensions().join(", ");
        format!("Also write the result to this file (repeatable). The extension sets the format: {extensions}")
    }

    /// Returns the extensions of all formats.
    pub(super) fn extensions() -> Vec<String> {
        let extensions = RENDERERS.iter().filter_map(|renderer| renderer.extension());
        extensions.map(|extension| format!(".{extension}")).collect()
    }

    /// Whether the format shows when images were built.
    pub(super) fn shows_ages(&self) -> bool {
        self.renderer.shows_ages()
    }
}

impl FromStr for ReportFile {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let renderer = RENDERERS.iter().find(|renderer| extension.is_some() && renderer.extension() == extension);
        if let Some(renderer) = renderer {
            return Ok(Self { path, renderer: *renderer });
        }
        let cause = match extension {
            _ if path.is_dir() => "it is a folder".to_owned(),
            Some(extension) => format!("unknown file extension `{extension}`"),
            None => "missing file extension".to_owned(),
        };
        let extensions = code_list(Self::extensions());
        let hint = if path.is_dir() {
            hint!("reports.md#report-files", "name a file in it, as in `--report {}`", path.join("plan.html").display())
        } else {
            hint!("reports.md#report-files", "use one of {extensions}, as in `--report plan.html`")
        };
        Err(ValueError { cause, hint })
    }
}

/// Writes a report to each of these files, and returns the errors.
pub(super) fn write<'a>(
    files: impl Iterator<Item = &'a ReportFile>,
    report: &RunReport,
    trees: &WorkingTrees,
) -> Vec<Error> {
    let written = files.map(|file| {
        let text = file.renderer.run(report, RenderOptions { width: WIDTH, color: false });
        let text = printable(&text, Allowed { colors: false, commands: file.renderer.has_commands() });
        let allowed = trees.refuse_links(&file.path);
        allowed.and_then(|()| whole_file::write(&file.path, text.as_bytes())).map_err(|error| {
            Error::new(
                Exit::Failed,
                format!("cannot write the report {}: {error}", file.path.display()),
                hint!(
                    "reports.md#report-files",
                    "choose a file in a folder that Tagboat may write to, and not behind a symbolic link of the checkout"
                ),
            )
        })
    });
    written.filter_map(Result::err).collect()
}
