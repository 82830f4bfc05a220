//! The JSON document of an error that ends a command.

use serde::Serialize;

use crate::error::Error;

/// The errors that ended a command: one, or every problem of the configuration.
#[derive(Debug, Serialize)]
pub(super) struct ErrorDocument<'a> {
    errors: Vec<ErrorRow<'a>>,
}

/// One error. Without a position, it is not about a line of the configuration.
#[derive(Debug, Serialize)]
struct ErrorRow<'a> {
    message: String,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    hint: &'a str,
}

impl<'a> ErrorDocument<'a> {
    /// Returns the document of an error.
    pub(super) fn new(error: &'a Error) -> Self {
        let in_config = error.config_errors().into_iter().flat_map(|errors| errors.iter());
        let mut errors: Vec<ErrorRow<'a>> = in_config
            .map(|problem| ErrorRow {
                message: problem.to_string(),
                file: Some(&problem.path),
                line: Some(problem.position.line),
                column: Some(problem.position.column),
                hint: &problem.hint,
            })
            .collect();
        if errors.is_empty() {
            let (message, hint) = (error.message().to_owned(), &**error.hint());
            errors.push(ErrorRow { message, file: None, line: None, column: None, hint });
        }
        Self { errors }
    }
}
