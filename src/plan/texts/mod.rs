//! The texts of a pull request: title, body and commit message.

mod body;
mod link;
mod markup;
mod message;
mod title;

pub use body::FactsByReference;
pub use link::LinkStyle;
pub use markup::{code, plain};
pub use message::{DIRECT_COMMIT_TRAILER, GROUP_TRAILER, Templates, TextContext, TextError, Texts, texts};
pub(in crate::plan) use title::title as built_in_title;
